"""The chain of revisions: is it one, and in which order does ``alembic upgrade heads`` run it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from migsafe.capture.script import Script
from migsafe.errors import HistoryError


def ordered(scripts: Sequence[Script]) -> tuple[tuple[Script, ...], tuple[str, ...]]:
    """*scripts* in the order of ``alembic upgrade heads``, and the heads, sorted.

    Raises HistoryError for two files with one revision, for a revision that is named but not
    there, and for a cycle.
    """
    from alembic.script.revision import Revision, RevisionError, RevisionMap

    named = _by_revision(scripts)
    resolved = {s.revision: _resolved(s, named) for s in scripts}
    _refuse_cycles(resolved)
    chain = RevisionMap(
        lambda: [
            Revision(
                s.revision,
                s.down_revisions or None,
                dependencies=s.depends_on or None,
                branch_labels=s.branch_labels or None,
            )
            for s in resolved.values()
        ]
    )
    try:
        run = tuple(chain.iterate_revisions("heads", "base", implicit_base=True))
        heads = tuple(sorted(chain.heads))
    except RevisionError as error:
        raise HistoryError(str(error), file=scripts[0].path.parent) from error
    return tuple(resolved[r.revision] for r in reversed(run)), heads


def _by_revision(scripts: Sequence[Script]) -> dict[str, Script]:
    named: dict[str, Script] = {}
    for script in scripts:
        other = named.setdefault(script.revision, script)
        if other is not script:
            raise HistoryError(
                f"revision {script.revision!r} is taken by {other.path.name}; "
                "give one of them another id",
                file=script.path,
                line=script.line,
            )
    return named


def _resolved(script: Script, named: dict[str, Script]) -> Script:
    """*script* with the full ids of the revisions that it names by label or shortened."""
    return replace(
        script,
        down_revisions=tuple(_parent(script, r, named) for r in script.down_revisions),
        depends_on=tuple(_dependency(script, r, named) for r in script.depends_on),
    )


def _parent(script: Script, revision: str, named: dict[str, Script]) -> str:
    if revision not in named:
        raise _missing(script, "down_revision", revision)
    return revision


def _dependency(script: Script, revision: str, named: dict[str, Script]) -> str:
    """The revision that depends_on names: in full, by a branch label or by its beginning."""
    if revision in named:
        return revision
    labelled = [s.revision for s in named.values() if revision in s.branch_labels]
    shortened = [name for name in named if name.startswith(revision)]
    for found in (labelled, shortened):
        if len(found) == 1:
            return found[0]
    raise _missing(script, "depends_on", revision)


def _missing(script: Script, what: str, revision: str) -> HistoryError:
    return HistoryError(
        f"{what} is {revision!r}, but no file has that revision; "
        "restore the file or correct the id",
        file=script.path,
        line=script.line,
    )


def _refuse_cycles(named: dict[str, Script]) -> None:
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


def _before(script: Script) -> Iterator[str]:
    return iter((*script.down_revisions, *script.depends_on))
