"""Writes docs/ddl.md, the reference of what DDL does to other sessions, from the facts corpus.

The corpus (tests/facts) was observed on real servers; tests/test_facts.py holds our predictions
against it, tests/test_measure.py our measurements.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "tests" / "facts"
PAGE = ROOT / "docs" / "ddl.md"
MAJORS = (14, 15, 16, 17, 18)
STRENGTH = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)

TITLES = {
    "add_column": "Adding a column",
    "drop_column": "Dropping a column",
    "default_notnull": "Defaults and NOT NULL",
    "alter_type": "Changing a column's type",
    "alter_type_deps": "Changing a type that something depends on",
    "constraints": "Constraints",
    "index": "Indexes",
    "rename": "Renaming",
    "table_options": "Table options and storage",
    "partitions": "Partitions",
    "relations": "Tables, views and materialised views",
    "types": "Enums, domains and composite types",
    "sequences": "Sequences",
    "triggers_functions": "Triggers and functions",
    "dml": "Reading and writing rows",
    "maintenance": "Maintenance",
    "transaction_traps": "Several statements in one transaction",
}
BLOCKS = (
    ("reads", ("select",)),
    ("writes", ("insert", "update", "delete")),
    ("row locks", ("for_update",)),
    ("maintenance", ("analyze",)),
)

HEAD = """\
# What PostgreSQL DDL does to other sessions

Measured on PostgreSQL 14 to 18: each statement below was run on real servers while a second
session looked at its locks and tried to read and to write. The test suite holds migsafe's
predictions against these observations on every version.

Unless a row says otherwise, `t` is a table of 20,000 rows with a primary key, a unique constraint
on `email`, a CHECK on `price`, plain indexes on `parent_id`, `name` and `status`, and a foreign key
to `parent`; `child` has a foreign key to `t`; `owner` stands alone. `tt` is a table like it, with
a column `c` of the old type.

- **Locks**: the strongest mode on each relation; an index is named only where its table is locked
  less strongly.
- **Others wait**: what other sessions wait with until the transaction ends: *reads*, *writes*, *row
  locks* (`SELECT … FOR UPDATE`), *maintenance* (`VACUUM`, `ANALYZE`). Writes to `child` or `parent`
  can wait for a lock on `t`, because foreign keys are checked there.
- **Work**: *nothing* does not depend on the number of rows; a *scan* reads all of them; a *rewrite*
  writes the table and its indexes anew; a *rebuild* an index alone.
"""


def load() -> list[dict[str, Any]]:
    """The corpus, a fact a line."""
    with (FACTS / "ddl.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def page(facts: Iterable[dict[str, Any]]) -> str:
    """The whole page."""
    by_group: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        by_group.setdefault(fact["group"], []).append(fact)
    parts = [HEAD]
    for group in sorted(by_group, key=list(TITLES).index):
        parts.append(f"## {TITLES[group]}\n")
        parts.append("| statement | on | locks | others wait | work |\n|---|---|---|---|---|")
        parts.extend(row for fact in by_group[group] for row in rows(fact))
        parts.append("")
    return "\n".join(parts)


def rows(fact: dict[str, Any]) -> Iterator[str]:
    """One row for each behaviour that differs, to a reader, between the versions."""
    statement = "<br>".join(code(one) for one in [*fact["session"], *fact["sql"]])
    context = "; ".join(code(one) for one in fact["setup"] if is_context(one))
    if context:
        statement += f"<br>after {context}"
    seen_by: dict[tuple[str, str, str], list[int]] = {}
    for seen in fact["observed"]:
        seen_by.setdefault(behaviour(seen), []).extend(seen["versions"])
    for cells, majors in seen_by.items():
        yield "| " + " | ".join((statement, versions(sorted(majors)), *cells)) + " |"


def is_context(statement: str) -> bool:
    """Whether a set-up statement explains the result: not the filling of tables."""
    return not statement.lstrip().upper().startswith(("INSERT", "ANALYZE", "VACUUM"))


def behaviour(seen: dict[str, Any]) -> tuple[str, str, str]:
    if not seen["ok"]:
        return "", "", f"fails: {escape(seen.get('error') or 'syntax error')}"
    return locks(seen["locks"]), waits(seen["blocks"]), work(seen)


def locks(found: dict[str, list[str]]) -> str:
    """The strongest mode by relation; an index only where it is all that is locked so."""
    strongest = {
        name: max(modes, key=STRENGTH.index)
        for name, modes in found.items()
        if "(" not in name and set(modes) <= set(STRENGTH)
    }
    shown = {
        name: mode
        for name, mode in strongest.items()
        if not any(
            name.startswith(f"{table}_")
            and STRENGTH.index(mode) <= STRENGTH.index(strongest[table])
            for table in strongest
        )
    }
    return "<br>".join(f"{code(name)} {mode}" for name, mode in shown.items()) or "none"


def waits(blocks: dict[str, list[str]]) -> str:
    told = []
    for table, probes in blocks.items():
        kinds = [kind for kind, names in BLOCKS if set(names) & set(probes)]
        if kinds:
            told.append(f"{code(table)}: {', '.join(kinds)}")
    return "<br>".join(told) or "nobody"


def work(seen: dict[str, Any]) -> str:
    done = [f"rewrite of {name}" for name in named(seen["rewrites"])]
    done += [f"scan of {name}" for name in named(seen["scans"]) if f"rewrite of {name}" not in done]
    if not done:
        done = [f"rebuild of {name}" for name in named(seen.get("index_rebuilt") or [])]
    return "<br>".join(done) or "nothing"


def named(relations: list[str]) -> list[str]:
    return [code(name) for name in relations if "(" not in name]


def versions(majors: list[int]) -> str:
    if tuple(majors) == MAJORS:
        return "all"
    if majors == list(range(majors[0], majors[-1] + 1)) and len(majors) > 1:
        return f"{majors[0]}–{majors[-1]}"
    return ", ".join(map(str, majors))


def code(text: str) -> str:
    return f"`{' '.join(text.split())}`".replace("|", "\\|")


def escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_").replace("*", "\\*")


def main() -> int:
    """Write the page; with --check, say whether it is up to date."""
    text = page(load())
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
