"""Which of the scenarios of `tests/autogen` pass the checks of the harness there, by group.

`python benchmarks/autogenerate_scenarios.py --major 14 18` runs them as they are written; with
`--varied` each also with quoted names, with labels of odd characters and in another schema; with
`--driver psycopg2 asyncpg` by other drivers; `--only E R02` some of them.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from migsafe.server import Server, start

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from autogen.harness import prove  # noqa: E402
from autogen.test_scenarios import MODELS, REFUSED, SCENARIOS, UNTOLD, refusal, run  # noqa: E402

TOKENS = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\b(?:s1\.|ext\.|CONSTRAINT )?[A-Za-z_]\w*|.""", re.DOTALL
)
NAMES = {
    "mood": '"Mo od%"',
    "t": '"T :1"',
    "t1": '"T ü"',
    "t2": '"t"',
    "t3": '"T\'3"',
    "st": '"St %ü"',
    "sts": '"St:s"',
    "ck": '"Ck %1"',
    "CONSTRAINT ck": 'CONSTRAINT "Ck %1"',
    "ex": '"Ex:1"',
    "CONSTRAINT ex": 'CONSTRAINT "Ex:1"',
    "n": '"N %s"',
    "p": '"P:x"',
    "tx": '"Tx\'"',
    "nu": '"order"',
    "d": '"D d"',
    "ts": '"Ts%%"',
    "j": '"%(j)s"',
    "b": '"B""b"',
    "ar": '"Ar(1)"',
    "r": '"R :r"',
    "g": '"G ü"',
    "u": '"user"',
    "iv": '"Iv{}"',
    "ix": '"Ix %s:1"',
    "i1": '"I\'1"',
    "i2": '"I 2"',
}
LABELS = {
    "'a'": "'it''s so'",
    "'b'": "'50%'",
    "'c'": "'x:y'",
    "'d'": "'ü ß'",
    "'x'": "'q\"q'",
    "'y'": "'$$'",
    "'z'": "'back\\n'",
}
PLACES = {name: f'"App s".{name}' for name in ("mood", "t", "t1", "t2")}
BY_ID = {scenario["id"]: scenario for scenario in SCENARIOS}
VARIANTS: dict[str, Mapping[str, str]] = {
    "as written": {},
    "names": NAMES,
    "labels": LABELS,
    "schema": PLACES,
}


def retold(text: str, words: Mapping[str, str]) -> str:
    """Return the SQL *text* with other names or labels, outside of names with a schema."""
    return "".join(words.get(token, token) for token in TOKENS.findall(text))


def varied(scenario: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Return *scenario* in other *words*."""
    lists = ("pre", "before", "objects_before", "after", "objects_after", "seed")
    told = {key: [retold(sql, words) for sql in scenario.get(key, [])] for key in lists}
    checks = [
        (retold(query, words), answer(value, words))
        for query, value in scenario.get("data_checks", [])
    ]
    made = {**scenario, **told, "data_checks": checks}
    if words is PLACES:
        made["pre"] = ['create schema "App s"', *told["pre"]]
        made["options"] = {**scenario.get("options", {}), "include_schemas": True}
    return made


def answer(value: Any, words: Mapping[str, str]) -> Any:
    """Return what a check expects, a list of labels in one text, in other *words*."""
    if not isinstance(value, str) or words is not LABELS:
        return value
    parts = re.split(r"([,|])", value)
    return "".join(words.get(f"'{p}'", f"'{p}'")[1:-1].replace("''", "'") for p in parts)


def outcome(name: str, variant: str, server: Server, folder: Path, driver: str) -> str:
    """Run the scenario *name* as the *variant* tells it; return what came of it in a word."""
    scenario = varied(BY_ID[name], VARIANTS[variant])
    try:
        if name in MODELS:
            prove(MODELS[name], server, folder, driver)
        elif name in REFUSED:
            refusal(scenario, server, folder, driver)
            return "refused"
        elif name in UNTOLD:
            return "not told"
        else:
            run(scenario, server, folder, driver)
    except Exception:
        print(f"--- {name}, {variant}, PostgreSQL {server.major}, {driver}")
        traceback.print_exc(file=sys.stdout)
        return "fails"
    return "passes"


def told(variants: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what there is to run, as (id, variant); models have one variant only."""
    for name in BY_ID:
        yield from ((name, v) for v in variants if name not in MODELS or v == "as written")


def main() -> int:
    """Run what the arguments ask for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", nargs="+", type=int, default=[18])
    parser.add_argument("--driver", nargs="+", default=["psycopg"])
    parser.add_argument("--varied", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], metavar="PREFIX")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    counted: Counter[tuple[str, str]] = Counter()
    variants = list(VARIANTS) if asked.varied else ["as written"]
    for major in asked.major:
        with start(provider="binaries", major=major) as server:
            for (name, variant), driver in product(told(variants), asked.driver):
                if asked.only and not name.startswith(tuple(asked.only)):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    came = outcome(name, variant, server, Path(folder), driver)
                counted[name.rstrip("0123456789"), came] += 1
    print(table(counted))
    return any(came == "fails" for _, came in counted)


def table(counted: Counter[tuple[str, str]]) -> str:
    """The numbers as a table, one line a group."""
    kinds = ("passes", "refused", "fails", "not told")
    lines = ["group  " + "  ".join(f"{kind:>8}" for kind in kinds)]
    for group in sorted({group for group, _ in counted}):
        lines.append(f"{group:5}  " + "  ".join(f"{counted[group, k]:>8}" for k in kinds))
    totals = (sum(n for (_, came), n in counted.items() if came == kind) for kind in kinds)
    return "\n".join([*lines, "all    " + "  ".join(f"{total:>8}" for total in totals)])


if __name__ == "__main__":
    sys.exit(main())
