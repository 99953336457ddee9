"""Accepted findings: ``# migsafe: ignore[MS101] reason`` in Python and SQL comments."""

from __future__ import annotations

import ast
import datetime
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from migsafe.capture.model import Migration, Step
from migsafe.check.findings import of_file
from migsafe.check.selection import exists, unknown
from migsafe.config import Settings
from migsafe.rule import Finding, Rule
from migsafe.values import dataclass

_FORM = re.compile(
    r"migsafe:\s*ignore\b\s*(?:\[(?P<rules>[^\]]*)\])?"
    r"(?:\s*until\s+(?P<until>\d{4}-\d\d-\d\d)\s*:?)?(?P<reason>[^\n]*)"
)


@dataclass(frozen=True)
class Ignore:
    """One comment: it accepts *rules* (codes or names) from line *first* to *last* of *file*."""

    file: Path
    line: int
    first: int
    last: int
    rules: tuple[str, ...]
    reason: str
    until: datetime.date | None = None

    def accepts(self, finding: Finding) -> bool:
        """Whether the comment is about *finding*."""
        overlaps = finding.line <= self.last and self.first <= finding.end_line
        named = any(finding.rule == r.upper() or finding.name == r for r in self.rules)
        return finding.file == self.file and overlaps and named and self.is_in_force

    @property
    def is_in_force(self) -> bool:
        """Whether it has a reason and has not expired."""
        expired = self.until is not None and self.until < datetime.date.today()
        return bool(self.reason and self.rules) and not expired


class Ignores:
    """The ignore comments of some migrations, and which of them were needed."""

    def __init__(self, ignores: Iterable[Ignore]):
        self._all = tuple(dict.fromkeys(ignores))
        self._used: dict[Ignore, set[str]] = {}

    def apply(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that stay, and those that are accepted."""
        kept: list[Finding] = []
        accepted: list[Finding] = []
        for finding in findings:
            own = [ignore for ignore in self._all if ignore.accepts(finding)]
            for ignore in own:
                self._used.setdefault(ignore, set()).update((finding.rule, finding.name))
            (accepted if own else kept).append(finding)
        return kept, accepted

    def complaints(
        self, rules: Sequence[Rule], settings: Settings, revisions: Mapping[Path, str]
    ) -> Iterator[Finding]:
        """Findings about comments that say no reason, have expired, or are not needed.

        *rules* are those that *settings* choose, *revisions* those of the files.
        """
        by_name = {rule.rule_name(): rule for rule in rules}
        known = {rule.code for rule in rules} | set(by_name)
        unused, unexplained = by_name.get("unused-ignore"), by_name.get("unexplained-ignore")
        for ignore in self._all:
            rule, message = unused, None
            if not ignore.rules or not ignore.reason:
                rule = unexplained
                message = "an ignore needs the rule and a reason: # migsafe: ignore[MS101] why"
            elif strange := [name for name in ignore.rules if not exists(name, rules, settings)]:
                message = unknown(strange[0], rules)
            elif not ignore.is_in_force:
                message = f"this ignore has expired on {ignore.until}"
            else:
                used = self._used.get(ignore, set())
                unneeded = [
                    name
                    for name in ignore.rules
                    if known & (spellings := {name, name.upper()}) and not used & spellings
                ]
                if unneeded:
                    message = f"no finding of {', '.join(unneeded)} is here to be ignored"
            if rule is not None and message is not None:
                revision = revisions.get(ignore.file)
                yield of_file(rule, message, ignore.file, ignore.line, revision=revision)


def in_file(path: Path) -> Iterator[Ignore]:
    """The ignore comments of a Python file; none when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if "migsafe:" not in text:
        return
    lines = _Lines(text)
    for line, comment, stands_alone in _comments(text):
        scope = lines.scope(line, stands_alone=stands_alone)
        yield from _read(comment, path, line, scope)


def of_migration(migration: Migration) -> Iterator[Ignore]:
    """The ignore comments of a migration: those in its file, and those in its SQL."""
    if migration.has_remarks:
        yield from in_file(migration.path)
    for step in (*migration.upgrade, *migration.downgrade):
        yield from _of_sql(step)


def _of_sql(step: Step) -> Iterator[Ignore]:
    for comment in step.comments:
        text = comment.text.removesuffix("*/").removeprefix("/*").removeprefix("--")
        yield from _read(text, step.file, step.line, (step.line, step.end_line))


def _read(comment: str, file: Path, line: int, scope: tuple[int, int]) -> Iterator[Ignore]:
    match = _FORM.search(comment)
    if match is None:
        return
    rules = tuple(word.strip() for word in (match["rules"] or "").split(",") if word.strip())
    until = None
    if match["until"]:
        try:
            until = datetime.date.fromisoformat(match["until"])
        except ValueError:
            until = datetime.date.min
    reason = match["reason"].strip(" \t:-—")
    yield Ignore(file, line, *scope, rules, reason, until)


def _comments(text: str) -> Iterator[tuple[int, str, bool]]:
    """The comments that speak to migsafe: line, text, and whether the line has nothing else."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and "migsafe:" in token.string:
                yield token.start[0], token.string, not token.line[: token.start[1]].strip()
    except (tokenize.TokenError, SyntaxError):
        return


class _Lines:
    """The lines that a comment is about: a statement's, a function's or all."""

    def __init__(self, text: str):
        self._last = text.count("\n") + 1
        try:
            self._tree: ast.Module | None = ast.parse(text)
        except SyntaxError:
            self._tree = None

    def scope(self, line: int, *, stands_alone: bool) -> tuple[int, int]:
        """First and last line that a comment on *line* is about.

        Beside code: the statement there, or the function if it is its ``def``. Alone: the
        statement that follows, but before the first statement of the file: all of it.
        """
        if self._tree is None:
            return line, line
        if stands_alone and line < self._first_code():
            return 1, self._last
        around = [node for node in ast.walk(self._tree) if isinstance(node, ast.stmt)]
        if stands_alone and not any(
            n.lineno <= line <= (n.end_lineno or n.lineno) for n in around if _is_simple(n)
        ):
            following = [node.lineno for node in around if node.lineno > line]
            line = min(following, default=line)
        here = [n for n in around if n.lineno <= line <= (n.end_lineno or n.lineno)]
        whole = [n for n in here if n.lineno == line or _is_simple(n)]
        if not whole:
            return line, line
        node = max(whole, key=lambda n: n.lineno)
        return node.lineno, node.end_lineno or node.lineno

    def _first_code(self) -> int:
        body = self._tree.body if self._tree else []
        code = [
            node
            for node in body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        return code[0].lineno if code else 0


def _is_simple(node: ast.stmt) -> bool:
    """Whether *node* holds no other statements."""
    return not hasattr(node, "body")
