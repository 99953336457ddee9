"""Which revisions are meant by names and ranges in Alembic's notation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from migsafe.capture.graph import ordered, revision_map
from migsafe.capture.script import Header
from migsafe.errors import HistoryError

if TYPE_CHECKING:
    from alembic.script.revision import RevisionMap


def between(
    scripts: Sequence[Header], first: str | None = None, last: str | None = None
) -> frozenset[str]:
    """The revisions from *first* to *last*, both among them, as ``alembic history -r`` has them.

    An end is an id or the clear beginning of one, a branch label, ``head``, ``heads``, ``base`` or
    ``label@head``. ``+2`` as the last counts from the first, ``-2`` as the first from the heads.
    Raises HistoryError for what names no revision.
    """
    chain, ids = _chain(scripts)
    with _readable():
        found = chain.iterate_revisions(
            _whole(last or "heads", ids),
            _whole(first or "base", ids),
            inclusive=True,
            assert_relative_length=False,
        )
        return frozenset(script.revision for script in found)


def named(scripts: Sequence[Header], names: Iterable[str]) -> frozenset[str]:
    """The revisions with these *names*, each as in `between`; raises HistoryError likewise."""
    chain, ids = _chain(scripts)
    return frozenset(revision for name in names for revision in _named(chain, _whole(name, ids)))


def _chain(scripts: Sequence[Header]) -> tuple[RevisionMap, frozenset[str]]:
    run, _ = ordered(scripts)
    labels = {label for script in run for label in script.branch_labels}
    chain = revision_map({script.revision: script for script in run})
    return chain, frozenset(labels.union(script.revision for script in run))


def _whole(name: str, known: frozenset[str]) -> str:
    """The one that begins with *name* among the *known* ids and labels; else *name* as it is."""
    if name.startswith("current"):
        raise HistoryError("'current' is known to a database only; name a revision")
    if not name or name in known or name in ("head", "heads", "base"):
        return name
    beginning = sorted(one for one in known if one.startswith(name))
    if len(beginning) > 1:
        raise HistoryError(
            f"{name!r} is the beginning of several revisions: {', '.join(beginning)}"
        )
    return beginning[0] if beginning else name


def _named(chain: RevisionMap, name: str) -> Iterator[str]:
    with _readable():
        found: tuple[Any, ...] = chain.get_revisions(name)
    if not found or None in found:
        raise HistoryError(f"{name!r} names no revision of this history")
    yield from (script.revision for script in found)


@contextmanager
def _readable() -> Iterator[None]:
    """Alembic's complaints about a name as one of migsafe's errors."""
    from alembic.script.revision import MultipleHeads, ResolutionError, RevisionError
    from alembic.util import CommandError

    try:
        yield
    except MultipleHeads as error:
        heads = ", ".join(sorted(error.heads))
        raise HistoryError(f"there are several heads, {heads}; write heads, or one's id") from error
    except ResolutionError as error:
        name = error.argument
        raise HistoryError(f"there is no revision {name!r} in this history") from error
    except (RevisionError, CommandError) as error:
        raise HistoryError(str(error)) from error
