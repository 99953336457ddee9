"""Effects in words: who waits, for what, and what is read or written meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from migsafe.effects import Effects
from migsafe.locks import LockMode, blocks_reads, blocks_writes
from migsafe.names import Name


def listed(words: Iterable[str]) -> str:
    """``a``, ``a and b`` or ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def shown(names: Iterable[Name]) -> str:
    """Names as people write them, in order, without doubles."""
    return listed(name.display() for name in sorted(set(names)))


def blocked(effects: Effects, tables: Iterable[Name]) -> str:
    """Whom the statement keeps from *tables*: ``reads and writes`` or ``writes``."""
    blocks = effects.blocks()
    kinds = {kind for table in tables for kind in blocks.get(table, ())}
    return "reads and writes" if "reads" in kinds else "writes"


def held_up(effects: Effects) -> tuple[Name, ...]:
    """Tables that are read in full or written anew while the statement blocks their writers."""
    blocks = effects.blocks()
    worked_on = effects.scans | effects.rewrites
    return tuple(sorted(name for name in worked_on if "writes" in blocks.get(name, ())))


def strongest(modes: Iterable[LockMode]) -> LockMode:
    """The mode that is last in the manual's list."""
    return max(modes, key=lambda mode: mode.strength)


def sentence(effects: Effects) -> str | None:
    """One line on what others feel, None when it is nothing.

    As in ``holds ACCESS EXCLUSIVE on orders while reading all of it: SELECTs wait``.
    """
    locks = dict(_table_locks(effects))
    if not locks:
        return None
    grouped: dict[tuple[LockMode, str], list[Name]] = {}
    for name, mode in locks.items():
        grouped.setdefault((mode, _work(effects, name)), []).append(name)
    ordered = sorted(grouped.items(), key=lambda item: (-item[0][0].strength, item[1]))
    clauses = [f"{mode.value} on {shown(names)}{work}" for (mode, work), names in ordered]
    return f"holds {listed(clauses)}: {_waiting(locks)}"


def _table_locks(effects: Effects) -> Iterator[tuple[Name, LockMode]]:
    """The strongest mode on each relation whose lock anybody feels."""
    blocks = effects.blocks()
    for name, modes in effects.locks.items():
        if name in effects.index_of:
            if LockMode.ACCESS_EXCLUSIVE in modes and effects.index_of[name] not in effects.locks:
                yield name, LockMode.ACCESS_EXCLUSIVE
        elif name in blocks:
            yield name, strongest(modes)


def _work(effects: Effects, name: Name) -> str:
    if name in effects.rewrites:
        return " while writing all of it anew"
    if name in effects.builds:
        return " while building an index from all of it"
    return " while reading all of it" if name in effects.scans else ""


def _waiting(locks: Mapping[Name, LockMode]) -> str:
    modes = frozenset(locks.values())
    if blocks_reads(modes):
        return "SELECTs wait, and writes too"
    if blocks_writes(modes):
        return "INSERTs, UPDATEs and DELETEs wait"
    return "only VACUUM, ANALYZE and schema changes wait"
