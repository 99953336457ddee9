"""Asks every design rule of a profile about a design."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from migsafe.check.ignores import Ignore, in_file
from migsafe.errors import ConfigError
from migsafe.models.findings import DesignFinding, Review
from migsafe.models.places import Places
from migsafe.models.rule import Design, DesignRule, Profile, Remark


def chosen(
    rules: Sequence[DesignRule],
    profile: Profile,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[DesignRule, ...]:
    """Those of *rules* that *profile* includes, or that *select* names, but none of *ignore*.

    Words are codes, beginnings of codes or names. Raises ConfigError for one that means no rule.
    """
    for word in (*select, *ignore):
        if not any(matches(rule, word) for rule in rules):
            known = [spelling for rule in rules for spelling in (rule.code, rule.rule_name())]
            close = difflib.get_close_matches(word, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known[::2])}"
            raise ConfigError(f"there is no design rule {word!r}; {hint}")
    wanted = [
        rule
        for rule in rules
        if (any(matches(rule, w) for w in select) if select else profile.includes(rule.profile))
    ]
    return tuple(rule for rule in wanted if not any(matches(rule, word) for word in ignore))


def matches(rule: DesignRule, word: str) -> bool:
    """Whether *word* means *rule*: its name, its code or the beginning of it."""
    return rule.code.startswith(word.upper()) or rule.rule_name() == word


def lint(design: Design, rules: Sequence[DesignRule]) -> Review:
    """What *rules* say about *design*.

    Findings come in the order of the tables; those with a ``# migsafe: ignore[MS802] reason`` at
    their column or class are accepted.
    """
    places = Places(design.metadata)
    found = [
        _placed(rule, remark, design, places) for rule in rules for remark in rule.check(design)
    ]
    ignores = _Ignores()
    kept = [finding for finding in found if not ignores.accept(finding)]
    accepted = [finding for finding in found if ignores.accept(finding)]
    return Review(
        tuple(sorted(kept, key=_order)),
        sum(1 for _ in design.tables()),
        tuple(sorted(accepted, key=_order)),
    )


def _placed(rule: DesignRule, remark: Remark, design: Design, places: Places) -> DesignFinding:
    place = None
    if remark.table is not None:
        column = remark.column and design.declared_column(remark.table, remark.column)
        declared = design.declared(remark.table)
        place = None if declared is None else places.of(declared, column)
    return DesignFinding(
        rule=rule.code,
        name=rule.rule_name(),
        severity=rule.severity,
        message=remark.message,
        table=remark.table,
        column=remark.column,
        remedy=remark.remedy or rule.safe_way,
        file=place and place[0],
        line=place and place[1],
    )


class _Ignores:
    """The ignore comments of the files that findings are in."""

    def __init__(self) -> None:
        self._in_file = lru_cache(None)(lambda path: tuple(in_file(path)))

    def accept(self, finding: DesignFinding) -> bool:
        if finding.file is None or finding.line is None:
            return False
        ignores: Iterable[Ignore] = self._in_file(finding.file)
        return any(
            ignore.is_in_force
            and ignore.first <= finding.line <= ignore.last
            and bool({finding.rule, finding.name} & set(_spellings(ignore.rules)))
            for ignore in ignores
        )


def _spellings(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (word, word.upper())


def _order(finding: DesignFinding) -> tuple[bool, str, str, str, str]:
    table = str(finding.table or "")
    return finding.table is not None, table, finding.rule, finding.column or "", finding.message
