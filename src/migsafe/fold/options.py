"""Storage parameters: WITH (…), SET (…) and RESET (…)."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.sql.ast import Option

Options = tuple[tuple[str, str], ...]


def options_of(options: Iterable[Option]) -> Options:
    """Options as written, as sorted pairs; a name alone means true."""
    pairs = [(o.name, "true" if o.value is None else o.value) for o in options]
    return tuple(sorted(pairs)) if pairs else ()


def split_toast(options: Iterable[Option]) -> tuple[Options, Options]:
    """The table's own options and those of its TOAST table, whose names lose the prefix."""
    pairs = options_of(options)
    if not pairs:
        return (), ()
    own = tuple(pair for pair in pairs if not pair[0].startswith("toast."))
    toast = tuple((n.removeprefix("toast."), v) for n, v in pairs if n.startswith("toast."))
    return own, toast


def updated(old: Options, new: Options) -> Options:
    """*old* after SET of *new*."""
    return tuple(sorted({**dict(old), **dict(new)}.items()))


def reset(old: Options, names: Iterable[str]) -> Options:
    """*old* after RESET of *names*."""
    gone = set(names)
    return tuple(pair for pair in old if pair[0] not in gone)
