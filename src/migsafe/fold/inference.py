"""The types of expressions, as far as they can be told without pg_operator and pg_proc."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from migsafe.catalog import Catalog
from migsafe.fold.resolve import type_of
from migsafe.names import Name
from migsafe.pgtypes import CATALOG, TypeRef
from migsafe.sql import _pg
from migsafe.sql.nodes import enum, names, strings, type_ref

LITERAL = TypeRef.builtin("unknown")
"""The type of a string or NULL until something decides it."""

_BOOL = TypeRef.builtin("bool")
_TEXT = TypeRef.builtin("text")
_LADDERS = (
    ("int2", "int4", "int8", "numeric", "float4", "float8"),
    ("bpchar", "varchar", "text"),
    ("date", "timestamp", "timestamptz"),
    ("time", "interval"),
)
_VALUE_FUNCTIONS = {
    "CURRENT_DATE": "date",
    "CURRENT_TIME": "timetz",
    "CURRENT_TIMESTAMP": "timestamptz",
    "LOCALTIME": "time",
    "LOCALTIMESTAMP": "timestamp",
}
_RETURNS_LINES = """bool: exists starts_with has_table_privilege isfinite
    int4: length char_length character_length octet_length array_length cardinality position strpos
    int4: ascii array_position jsonb_array_length json_array_length array_upper array_lower
    int8: count row_number rank dense_rank nextval currval lastval txid_current
    int8: pg_total_relation_size pg_relation_size
    float8: random percent_rank cume_dist similarity ts_rank percentile_cont
    numeric: extract
    text: lower upper initcap concat concat_ws substring substr trim btrim ltrim rtrim replace
    text: left right lpad rpad repeat reverse split_part md5 to_char format string_agg chr
    text: array_to_string regexp_replace translate encode quote_ident quote_literal overlay
    text: version pg_get_viewdef jsonb_extract_path_text
    timestamptz: now clock_timestamp statement_timestamp transaction_timestamp to_timestamp
    date: to_date make_date
    interval: age make_interval justify_days justify_hours
    uuid: gen_random_uuid uuid_generate_v4 uuidv4 uuidv7
    json: json_agg json_build_object json_build_array row_to_json to_json json_object_agg
    json: array_to_json
    jsonb: jsonb_agg jsonb_build_object jsonb_build_array to_jsonb jsonb_object_agg jsonb_set
    tsvector: to_tsvector setweight
    tsquery: to_tsquery plainto_tsquery websearch_to_tsquery phraseto_tsquery
    bytea: decode sha256 sha512 digest convert_to
    bool: bool_and bool_or every jsonb_exists"""
_RETURNS = {
    word: TypeRef.builtin(line.partition(":")[0].strip())
    for line in _RETURNS_LINES.splitlines()
    for word in line.partition(":")[2].split()
}
_SAME_WORDS = "min max lag lead first_value last_value nth_value abs array_append"
_SAME = frozenset(_SAME_WORDS.split())
_SUMS = {"int2": "int8", "int4": "int8", "int8": "numeric", "numeric": "numeric"}
_AVERAGES = {"int2": "numeric", "int4": "numeric", "int8": "numeric", "numeric": "numeric"}
_ARITHMETIC = ("+", "-", "*", "/", "%", "^")
_TRUTH_SIGNS = "= <> != < > <= >= ~ ~* !~ !~* @> <@ && ? ?| ?& @@ @? ~~ !~~ ~~* !~~* ^@"
_TRUTHS = frozenset(_TRUTH_SIGNS.split())


class Scope(Protocol):
    """What an expression can ask of the query it stands in."""

    catalog: Catalog

    def column_type(self, node: Any) -> TypeRef | None: ...

    def subquery_type(self, node: Any) -> TypeRef | None: ...


def type_in(scope: Scope, node: Any) -> TypeRef | None:
    """The type of the expression *node*; None when it cannot be told."""
    kind, message = _pg.unwrap(node)
    if kind in ("bool_expr", "null_test", "boolean_test"):
        return _BOOL
    finder = _FINDERS.get(kind)
    return finder(scope, message) if finder else None


def common_type(types: Iterable[TypeRef | None]) -> TypeRef | None:
    """The one type that UNION, CASE and COALESCE give values of *types*."""
    known = list(types)
    if any(ref is None for ref in known):
        return None
    found = [ref for ref in known if ref is not None and ref != LITERAL]
    if not found:
        return LITERAL if known else None
    if all(ref == found[0] for ref in found):
        return found[0]
    plain = {(ref.name, ref.dimensions) for ref in found}
    if len(plain) == 1:
        return TypeRef(found[0].name, (), found[0].dimensions)
    for ladder in _LADDERS:
        if all(_short(ref) in ladder for ref in found):
            return TypeRef.builtin(max((_short(ref) for ref in found), key=ladder.index))
    return None


def _short(ref: TypeRef) -> str:
    return ref.name.name if ref.is_builtin and not ref.dimensions else ""


def _constant(scope: Scope, message: Any) -> TypeRef | None:
    which = message.WhichOneof("val")
    if which == "ival":
        return TypeRef.builtin("int4")
    if which == "fval":
        digits = message.fval.fval
        whole = digits.isdigit() and int(digits) < 2**63
        return TypeRef.builtin("int8" if whole else "numeric")
    if which == "boolval":
        return _BOOL
    return TypeRef.builtin("bit") if which == "bsval" else LITERAL


def _cast(scope: Scope, message: Any) -> TypeRef | None:
    return type_of(scope.catalog, type_ref(message.type_name))


def _function(scope: Scope, message: Any) -> TypeRef | None:
    name = names(message.funcname)
    own = scope.catalog.functions_named(name)
    if own:
        return _declared(own[0].returns)
    word = name.name
    given = [type_in(scope, argument) for argument in message.args]
    first = given[0] if given else None
    if word in _RETURNS:
        return _RETURNS[word]
    if word in ("coalesce", "greatest", "least"):
        return common_type(given)
    if word in _SAME:
        return first and TypeRef(first.name, (), first.dimensions)
    if word in ("sum", "avg", "round", "ceil", "floor", "date_trunc", "timezone"):
        return _of_argument(word, given)
    if word == "array_agg" and first is not None:
        return TypeRef((_TEXT if first == LITERAL else first).name, (), 1)
    if word == "unnest" and first is not None:
        return TypeRef(first.name, first.modifiers)
    return first if word == "generate_series" else None


def _declared(returns: str | None) -> TypeRef | None:
    try:
        return TypeRef.parse((returns or "").removeprefix("SETOF "))
    except ValueError:
        return None


def _of_argument(word: str, given: list[TypeRef | None]) -> TypeRef | None:
    last = given[-1] if given else None
    if last is None:
        return None
    short = _short(last)
    if word == "date_trunc":
        return last if short in ("timestamp", "timestamptz", "interval") else _day(short)
    if word == "timezone":
        turned = {"timestamp": "timestamptz", "timestamptz": "timestamp", "date": "timestamp"}
        return TypeRef.builtin(turned[short]) if short in turned else None
    if word in ("sum", "avg"):
        table = _SUMS if word == "sum" else _AVERAGES
        if short in table:
            return TypeRef.builtin(table[short])
        if short in ("float8", "interval") or (short == "float4" and word == "sum"):
            return TypeRef.builtin(short)
        return TypeRef.builtin("float8") if short == "float4" else None
    first = _short(given[0]) if given[0] is not None else ""
    if first == "numeric":
        return TypeRef.builtin("numeric")
    return (
        TypeRef.builtin("float8") if first in ("int2", "int4", "int8", "float4", "float8") else None
    )


def _day(short: str) -> TypeRef | None:
    return TypeRef.builtin("timestamptz") if short == "date" else None


def _operator(scope: Scope, message: Any) -> TypeRef | None:
    if enum(message, "kind") == "AEXPR_NULLIF":
        return type_in(scope, message.lexpr)
    sign = strings(message.name)[-1] if message.name else ""
    if enum(message, "kind") != "AEXPR_OP" or sign in _TRUTHS:
        return _BOOL
    right = type_in(scope, message.rexpr)
    left = type_in(scope, message.lexpr) if message.HasField("lexpr") else right
    if sign in ("->", "#>"):
        return left
    if sign in ("->>", "#>>"):
        return _TEXT
    if left is None or right is None:
        return None
    if sign == "||":
        return _joined(left, right)
    return _computed(sign, left, right) if sign in _ARITHMETIC else None


def _joined(left: TypeRef, right: TypeRef) -> TypeRef | None:
    if left.dimensions or right.dimensions:
        found = left if left.dimensions else right
        return TypeRef(found.name, (), 1)
    if "jsonb" in (_short(left), _short(right)):
        return TypeRef.builtin("jsonb")
    if "bytea" in (_short(left), _short(right)) or "tsvector" in (_short(left), _short(right)):
        return left
    return _TEXT


def _computed(sign: str, left: TypeRef, right: TypeRef) -> TypeRef | None:
    one, two = _short(left), _short(right)
    numbers = _LADDERS[0]
    if LITERAL in (left, right):
        other = right if left == LITERAL else left
        return TypeRef(other.name) if _short(other) in numbers else None
    if one in numbers and two in numbers:
        if sign == "^":
            return TypeRef.builtin("numeric" if "numeric" in (one, two) else "float8")
        wide = max(one, two, key=numbers.index)
        return TypeRef.builtin("float8" if wide == "float4" and one != two else wide)
    if one == "date":
        sums = {"int4": "date", "interval": "timestamp", "date": "int4"}
        return TypeRef.builtin(sums[two]) if two in sums else None
    if one in ("timestamp", "timestamptz"):
        if two == one and sign == "-":
            return TypeRef.builtin("interval")
        return TypeRef.builtin(one) if two == "interval" else None
    if one == "interval" and (two == "interval" or two in numbers):
        return TypeRef.builtin("interval")
    return None


def _case(scope: Scope, message: Any) -> TypeRef | None:
    found = [type_in(scope, item.case_when.result) for item in message.args]
    if message.HasField("defresult"):
        found.append(type_in(scope, message.defresult))
    return common_type(found)


def _listed(scope: Scope, message: Any) -> TypeRef | None:
    return common_type(type_in(scope, item) for item in message.args)


def _array(scope: Scope, message: Any) -> TypeRef | None:
    found = common_type(type_in(scope, item) for item in message.elements)
    if found is None:
        return None
    return TypeRef((_TEXT if found == LITERAL else found).name, found.modifiers, 1)


def _sublink(scope: Scope, message: Any) -> TypeRef | None:
    kind = enum(message, "sub_link_type")
    if kind not in ("EXPR_SUBLINK", "ARRAY_SUBLINK"):
        return _BOOL
    found = scope.subquery_type(message.subselect)
    if found is None or kind == "EXPR_SUBLINK":
        return found
    return TypeRef(found.name, found.modifiers, 1)


def _value_function(scope: Scope, message: Any) -> TypeRef | None:
    word = enum(message, "op").removeprefix("SVFOP_").removesuffix("_N")
    return TypeRef.builtin(_VALUE_FUNCTIONS.get(word, "name"))


def _indirection(scope: Scope, message: Any) -> TypeRef | None:
    found = type_in(scope, message.arg)
    subscripts = [_pg.unwrap(item) for item in message.indirection]
    if found is None or any(kind != "a_indices" for kind, _ in subscripts):
        return None
    if any(indices.is_slice for _, indices in subscripts):
        return found
    return found.element if found.dimensions else found if _short(found) == "jsonb" else None


_FINDERS: dict[str, Callable[[Scope, Any], TypeRef | None]] = {
    "a_const": _constant,
    "type_cast": _cast,
    "column_ref": lambda scope, message: scope.column_type(message),
    "func_call": _function,
    "a_expr": _operator,
    "case_expr": _case,
    "coalesce_expr": _listed,
    "min_max_expr": _listed,
    "a_array_expr": _array,
    "sub_link": _sublink,
    "sqlvalue_function": _value_function,
    "a_indirection": _indirection,
    "collate_clause": lambda scope, message: type_in(scope, message.arg),
    "grouping_func": lambda scope, message: TypeRef.builtin("int4"),
    "row_expr": lambda scope, message: TypeRef(Name(CATALOG, "record")),
}
