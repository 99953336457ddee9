"""The chain of revisions: is it one, and in which order does ``alembic upgrade heads`` run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from migsafe.capture.script import Header
from migsafe.errors import HistoryError
from migsafe.values import replace

if TYPE_CHECKING:
    from alembic.script.revision import RevisionMap

_Header = TypeVar("_Header", bound=Header)
_RESERVED = ("base", "head", "heads")


def ordered(scripts: Sequence[_Header]) -> tuple[tuple[_Header, ...], tuple[str, ...]]:
    """*scripts* in the order of ``alembic upgrade heads``, and the heads, sorted.

    Raises HistoryError for two files with one revision, for a revision that is named but not
    there, and for a cycle.
    """
    named = _by_revision(scripts)
    resolved = {s.revision: _resolved(s, named) for s in scripts}
    line = _line(resolved)
    if line:
        return tuple(line), (line[-1].revision,)
    _refuse_cycles(resolved)
    run, heads = _as_alembic_runs(resolved)
    return tuple(resolved[revision] for revision in run), heads


def _line(named: dict[str, _Header]) -> list[_Header]:
    """The revisions of a history without branches in their order; empty for any other history."""
    if any(len(s.down_revisions) > 1 or s.depends_on for s in named.values()):
        return []
    after = {s.down_revisions: s for s in named.values()}
    found: list[_Header] = []
    following = after.get(())
    while following is not None:
        found.append(following)
        following = after.get((following.revision,))
    return found if len(found) == len(named) else []


def revision_map(named: Mapping[str, Header]) -> RevisionMap:
    """Alembic's own map of the revisions *named*, which knows its notation."""
    from alembic.script.revision import Revision, RevisionMap

    return RevisionMap(
        lambda: [
            Revision(
                s.revision,
                s.down_revisions or None,
                dependencies=s.depends_on or None,
                branch_labels=s.branch_labels or None,
            )
            for s in named.values()
        ]
    )


def _as_alembic_runs(
    named: Mapping[str, Header],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids in Alembic's own order, and the heads."""
    from alembic.script.revision import RevisionError

    chain = revision_map(named)
    try:
        run = tuple(chain.iterate_revisions("heads", "base", implicit_base=True))
        heads = tuple(sorted(chain.heads))
    except RevisionError as error:
        folder = next(iter(named.values())).path.parent
        raise HistoryError(str(error), file=folder) from error
    return tuple(r.revision for r in reversed(run)), heads


def _by_revision(scripts: Sequence[_Header]) -> dict[str, _Header]:
    named: dict[str, _Header] = {}
    for script in scripts:
        if script.revision in _RESERVED:
            raise HistoryError(
                f"Alembic has a meaning of its own for {script.revision!r}; give the revision "
                "another id",
                file=script.path,
                line=script.line,
            )
        other = named.setdefault(script.revision, script)
        if other is not script:
            raise HistoryError(
                f"revision {script.revision!r} is taken by {other.path.name}; "
                "give one of them another id",
                file=script.path,
                line=script.line,
            )
    return named


def _resolved(script: _Header, named: dict[str, _Header]) -> _Header:
    """*script* with the full ids of those it depends on by label or shortened."""
    for revision in script.down_revisions:
        if revision not in named:
            raise _missing(script, "down_revision", revision)
    if not script.depends_on:
        return script
    return replace(
        script, depends_on=tuple(_dependency(script, r, named) for r in script.depends_on)
    )


def _dependency(script: _Header, revision: str, named: dict[str, _Header]) -> str:
    """The revision that depends_on names: in full, by a branch label or by its beginning."""
    if revision in named:
        return revision
    labelled = [s.revision for s in named.values() if revision in s.branch_labels]
    shortened = [name for name in named if name.startswith(revision)]
    for found in (labelled, shortened):
        if len(found) == 1:
            return found[0]
    raise _missing(script, "depends_on", revision)


def _missing(script: Header, what: str, revision: str) -> HistoryError:
    compiled = any(script.path.parent.glob("*.pyc"))
    return HistoryError(
        f"{what} is {revision!r}, but no file has that revision; "
        f"{'restore the file' if not compiled else 'put the .py beside its .pyc'} "
        "or correct the id",
        file=script.path,
        line=script.line,
    )


def _refuse_cycles(named: dict[str, _Header]) -> None:
    done: set[str] = set()
    for start in named:
        path: dict[str, Iterator[str]] = {}
        todo = [start]
        while todo:
            revision = todo[-1]
            if revision in done:
                todo.pop()
                continue
            before = path.setdefault(revision, _before(named[revision]))
            following = next((r for r in before if r not in done), None)
            if following is None:
                done.add(revision)
                path.pop(revision)
                todo.pop()
            elif following in path:
                names = [*path][[*path].index(following) :]
                raise HistoryError(
                    f"the history is a circle: {' -> '.join([*names, following])}; "
                    "correct a down_revision or depends_on",
                    file=named[following].path,
                    line=named[following].line,
                )
            else:
                todo.append(following)


def _before(script: Header) -> Iterator[str]:
    return iter((*script.down_revisions, *script.depends_on))
