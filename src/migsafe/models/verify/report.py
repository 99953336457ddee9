"""A verification as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator

from migsafe.models.verify.proof import KINDS, Proof, Verdict, Verification
from migsafe.report.parts import plural

VERSION = 1
_WIDTH = 100
_WORDS = {
    Verdict.PROVED: "ok",
    Verdict.WRONG: "wrong",
    Verdict.WEAK: "weak",
    Verdict.UNTRIED: "untried",
}
_NOUNS = {
    "not-null": "NOT NULL",
    "length": "lengths",
    "digits": "numbers of digits",
    "enum": "enum types",
    "check": "CHECKs",
    "unique": "unique keys",
    "exclusion": "exclusions",
    "foreign-key": "foreign keys",
    "relationship": "relationships",
    "index": "indexes",
    "validation": "fields that validate",
    "migrations": "migrations",
}


def as_text(found: Verification, *, every: bool = False) -> Iterator[str]:
    """The lines for people: what was found or could not be tried, and with *every* what was proved.

    At the end stands how much of each kind was proved.
    """
    for proof in found.proofs:
        if every or proof.verdict is not Verdict.PROVED:
            yield from _lines(proof)
    if any(every or proof.verdict is not Verdict.PROVED for proof in found.proofs):
        yield ""
    for kind in KINDS:
        ours = [proof for proof in found.proofs if proof.kind == kind]
        if ours:
            counts = Counter(proof.verdict for proof in ours)
            words = [f"{counts[Verdict.PROVED]} proved"]
            words += [f"{counts[v]} {v.value}" for v in list(Verdict)[1:] if counts[v]]
            yield f"{_NOUNS[kind]:<20} {', '.join(words)}"
    findings = len(found.findings)
    told = plural(findings, "finding") if findings else "No findings"
    yield f"{told} in {plural(found.tables, 'table')} on PostgreSQL {found.major}."


def _lines(proof: Proof) -> Iterator[str]:
    table = "" if proof.table is None else f"{proof.table.display()}: "
    if proof.kind == "migrations":
        yield f"{_WORDS[proof.verdict]} migrations: {proof.told}"
        return
    yield f"{table}{_WORDS[proof.verdict]} {proof.kind} {proof.subject}"
    yield from textwrap.wrap(
        proof.told,
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def as_json(found: Verification) -> str:
    """All proofs as one JSON object; its form only grows, ``version`` is 1."""
    counts = found.count()
    return json.dumps(
        {
            "version": VERSION,
            "postgres": found.major,
            "tables": found.tables,
            "proofs": [
                {
                    "kind": proof.kind,
                    "schema": proof.table and proof.table.schema,
                    "table": proof.table and proof.table.name,
                    "subject": proof.subject,
                    "verdict": proof.verdict.value,
                    "told": proof.told,
                }
                for proof in found.proofs
            ],
            "summary": {verdict.value: counts[verdict] for verdict in Verdict},
        },
        indent=2,
        ensure_ascii=False,
    )
