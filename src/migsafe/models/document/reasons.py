"""Why a column has its type: what the type keeps out, or makes possible."""

from __future__ import annotations

from migsafe.catalog import Column, Domain
from migsafe.models.rule import Design
from migsafe.models.words import bare

_REASONS = {
    "bool": "yes or no",
    "bytea": "bytes as they are",
    "citext": "capitals make no difference",
    "date": "a day, wherever",
    "float4": "a measurement, rounded",
    "float8": "a measurement, rounded",
    "inet": "an address of a host or network",
    "int8": "whole numbers that do not run out",
    "interval": "a length of time",
    "json": "a document, kept letter by letter",
    "jsonb": "a document that can be searched",
    "text": "of any length",
    "time": "a time of day",
    "timestamp": "what a clock on a wall shows",
    "timestamptz": "a moment, the same everywhere",
    "tsvector": "the words of a text, for searching",
    "uuid": "can be made anywhere without asking",
}


def reason(design: Design, column: Column) -> str:
    """A few words on the type of *column*; empty when there is nothing to say."""
    domain = design.catalog.domain(column.type.name)
    if isinstance(domain, Domain):
        checks = [bare(c.expression) for c in domain.constraints if getattr(c, "expression", None)]
        return f"a domain: {'; '.join(checks)}" if checks else "a domain"
    name, modifiers = column.type.name.name, column.type.modifiers
    if not column.type.is_builtin and name not in _REASONS:
        return ""
    words = _REASONS.get(name, "")
    if name in ("varchar", "bpchar"):
        words = f"at most {modifiers[0]} letters" if modifiers else "of any length"
    if name == "numeric":
        words = "exact, of any size"
        if len(modifiers) == 2:
            words = f"exact to {modifiers[1]} decimal places" if modifiers[1] else "whole numbers"
    return f"a list: each {words}" if column.type.dimensions and words else words
