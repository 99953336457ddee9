"""Storage parameters: which there are for tables, views and the methods of indexes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from migsafe.effects.ledger import Ledger
from migsafe.sql.parts import Option

# reloptions.c; those that came later than 14 are in _SINCE.
_HEAP_WORDS = """fillfactor toast_tuple_target parallel_workers user_catalog_table
    vacuum_index_cleanup vacuum_truncate vacuum_max_eager_freeze_failure_rate
    log_autovacuum_min_duration log_autoanalyze_min_duration autovacuum_enabled
    autovacuum_vacuum_threshold autovacuum_vacuum_max_threshold
    autovacuum_vacuum_insert_threshold autovacuum_analyze_threshold
    autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit
    autovacuum_vacuum_scale_factor autovacuum_vacuum_insert_scale_factor
    autovacuum_analyze_scale_factor autovacuum_freeze_min_age autovacuum_freeze_max_age
    autovacuum_freeze_table_age autovacuum_multixact_freeze_min_age
    autovacuum_multixact_freeze_max_age autovacuum_multixact_freeze_table_age oids"""
_HEAP = frozenset(_HEAP_WORDS.split())
_VIEW = frozenset({"security_barrier", "check_option", "security_invoker"})
_SINCE = {
    "security_invoker": 15,
    "vacuum_max_eager_freeze_failure_rate": 18,
    "autovacuum_vacuum_max_threshold": 18,
}
_OF_METHOD = {
    "btree": ("fillfactor", "deduplicate_items"),
    "hash": ("fillfactor",),
    "gist": ("fillfactor", "buffering"),
    "spgist": ("fillfactor",),
    "gin": ("fastupdate", "gin_pending_list_limit"),
    "brin": ("pages_per_range", "autosummarize"),
}
_SWITCHES_WORDS = """autovacuum_enabled user_catalog_table vacuum_truncate fastupdate autosummarize
    deduplicate_items security_barrier security_invoker"""
_SWITCHES = frozenset(_SWITCHES_WORDS.split())
_BOOLEAN = re.compile(r"(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|0|1)\Z", re.I)


def check_table_options(options: Iterable[Option], ledger: Ledger) -> None:
    """Refuse parameters that tables and materialised views do not have."""
    for option in options:
        space, _, name = option.name.rpartition(".")
        if space not in ("", "toast"):
            ledger.refuse("22023", f"there are no storage parameters of {space}")
        if name == "oids" and (option.value or "true").lower() not in ("false", "off", "0"):
            ledger.refuse("0A000", "tables WITH OIDS are not supported any more")
        _check(name, option.value, name in _HEAP, ledger)


def check_view_options(options: Iterable[Option], ledger: Ledger) -> None:
    """Refuse parameters that views do not have."""
    for option in options:
        _check(option.name, option.value, option.name in _VIEW, ledger)
        if option.name == "check_option" and option.value not in (None, "local", "cascaded"):
            ledger.refuse("22023", f"check_option is local or cascaded, not {option.value}")


def check_index_options(options: Iterable[Option], method: str, ledger: Ledger) -> None:
    """Refuse parameters that indexes by *method* do not have; of other methods nothing is known."""
    known = _OF_METHOD.get(method)
    for option in options if known is not None else ():
        _check(option.name, option.value, option.name in (known or ()), ledger)


def _check(name: str, value: str | None, known: bool, ledger: Ledger) -> None:
    if not known or ledger.major < _SINCE.get(name, 0):
        ledger.refuse("22023", f"there is no storage parameter {name} here")
    if value is None:
        return
    if name == "fillfactor" and not (value.isdigit() and 10 <= int(value) <= 100):
        ledger.refuse("22023", f"fillfactor {value} is not between 10 and 100")
    if name in _SWITCHES and not _BOOLEAN.match(value):
        ledger.refuse("22023", f"{name} is on or off, not {value}")
