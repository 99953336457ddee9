"""Whether an expression gives every row the same value, so that it can be stored once."""

from __future__ import annotations

from migsafe.catalog import Catalog, Function
from migsafe.names import Name
from migsafe.sql import Select, parse
from migsafe.sql.expressions import called_with_one, function_calls
from migsafe.sql.parts import Expression

# pg_proc.provolatile = 'v' of PostgreSQL's own functions that give a value one could store, and
# those of uuid-ossp and pgcrypto.
_VOLATILE_WORDS = """
    clock_timestamp timeofday random random_normal gen_random_uuid uuidv4 uuidv7 nextval
    currval lastval setval array_sample array_shuffle setseed pg_sleep pg_sleep_for
    pg_sleep_until pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock
    pg_try_advisory_lock pg_try_advisory_xact_lock pg_notify set_config lo_creat lo_create
    lo_import lo_from_bytea pg_current_wal_lsn pg_stat_get_backend_pid uuid_generate_v1
    uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt pgp_sym_encrypt
    pgp_pub_encrypt
"""
_VOLATILE = frozenset(_VOLATILE_WORDS.split())
_STABLE_WORDS = """
    now transaction_timestamp statement_timestamp current_setting current_user
    current_schema current_schemas current_database current_date current_time
    current_timestamp localtime localtimestamp session_user to_char to_date to_timestamp age
    timezone txid_current pg_current_xact_id inet_client_addr inet_server_addr version
    concat concat_ws format to_tsvector to_tsquery plainto_tsquery array_to_string json_agg
    row_to_json to_json to_jsonb json_build_object jsonb_build_object json_build_array
    jsonb_build_array quote_literal quote_nullable date_part date_trunc
"""
_STABLE = frozenset(_STABLE_WORDS.split())
_ALSO_IMMUTABLE_WORDS = """
    to_tsvector to_tsquery plainto_tsquery date_part date_trunc timezone age to_timestamp
    quote_literal
"""
_ALSO_IMMUTABLE = frozenset(_ALSO_IMMUTABLE_WORDS.split())
"""Stable for some argument types only, so a use of them proves nothing."""
_OF_CONFIGURATION = frozenset({"to_tsvector", "to_tsquery", "plainto_tsquery"})
"""Stable with one argument, which is read by the configuration of the session."""


def is_volatile(catalog: Catalog, expression: Expression) -> bool:
    """Whether *expression* may give another value for each row."""
    return any(_volatility(catalog, name) == "v" for name in function_calls(expression))


def not_immutable(catalog: Catalog, expression: Expression) -> Name | None:
    """A function in *expression* that keeps it out of an index, or None."""
    for name in sorted(function_calls(expression), key=str):
        volatility = _volatility(catalog, name)
        own = catalog.functions_named(name)
        if volatility != "i" and (own or name.name not in _ALSO_IMMUTABLE):
            return name
        if name.name in _OF_CONFIGURATION and name in called_with_one(expression) and not own:
            return name
    return None


def _volatility(catalog: Catalog, name: Name) -> str:
    overloads = catalog.functions_named(name)
    if overloads:
        return max((_of_function(catalog, f) for f in overloads), key="isv".index)
    if name.name in _VOLATILE:
        return "v"
    return "s" if name.name in _STABLE else "i"


def _of_function(catalog: Catalog, function: Function) -> str:
    """How volatile *function* is; the planner puts a simple SQL body in the place of its call."""
    if function.language != "sql" or function.body is None:
        return function.volatility
    match [parsed.statement for parsed in parse(function.body)]:
        case [Select(reads=(), writes=(), where=None) as body]:
            names = [call.name for call in body.calls if call.name != function.name]
            inside = [_volatility(catalog, name) for name in names]
            return min(
                function.volatility, max(inside, key="isv".index, default="i"), key="isv".index
            )
    return function.volatility
