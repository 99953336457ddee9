"""Which statements of a PL/pgSQL body run: branches that need not, and errors that are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from migsafe.sql.parts import Parsed
from migsafe.values import dataclass

# Appendix A of the manual: the condition names of the errors that a change of a schema meets.
_CODES = dict(
    line.split()
    for line in """
    data_exception 22000
    string_data_right_truncation 22001
    numeric_value_out_of_range 22003
    invalid_datetime_format 22007
    invalid_parameter_value 22023
    string_data_length_mismatch 22026
    invalid_text_representation 22P02
    integrity_constraint_violation 23000
    not_null_violation 23502
    foreign_key_violation 23503
    unique_violation 23505
    check_violation 23514
    exclusion_violation 23P01
    invalid_transaction_state 25000
    active_sql_transaction 25001
    no_active_sql_transaction 25P01
    dependent_objects_still_exist 2BP01
    invalid_schema_name 3F000
    feature_not_supported 0A000
    syntax_error_or_access_rule_violation 42000
    generated_always 428C9
    insufficient_privilege 42501
    syntax_error 42601
    duplicate_column 42701
    undefined_column 42703
    undefined_object 42704
    duplicate_object 42710
    duplicate_function 42723
    grouping_error 42803
    datatype_mismatch 42804
    wrong_object_type 42809
    invalid_foreign_key 42830
    cannot_coerce 42846
    undefined_function 42883
    undefined_table 42P01
    duplicate_schema 42P06
    duplicate_table 42P07
    invalid_column_reference 42P10
    invalid_function_definition 42P13
    invalid_table_definition 42P16
    invalid_object_definition 42P17
    object_not_in_prerequisite_state 55000
    object_in_use 55006
    unsafe_new_enum_value_usage 55P04
    """.strip().splitlines()
)


@dataclass(frozen=True)
class Handler:
    """WHEN *conditions* THEN the statements from *start* to before *stop*."""

    conditions: tuple[str, ...]
    start: int
    stop: int

    def catches(self, sqlstate: str) -> bool:
        """Whether an error, by code or name, ends here; a class as 23000 has all its own."""
        for condition in self.conditions:
            code = _CODES.get(condition, condition)
            if condition == "others" or sqlstate in (code, condition):
                return True
            if code.endswith("000") and code[:2] == sqlstate[:2]:
                return True
        return False


@dataclass(frozen=True)
class Section:
    """A part of a body, from *start* to before *stop*, counted in its nested statements.

    Without *handlers* it is a branch or loop that need not be run; with them it is BEGIN …
    EXCEPTION, whose handlers follow and whose work is undone when one of them runs.
    """

    start: int
    stop: int
    handlers: tuple[Handler, ...] = ()

    @property
    def end(self) -> int:
        """Where the body goes on."""
        return self.handlers[-1].stop if self.handlers else self.stop


@dataclass(frozen=True)
class Place:
    """Where a statement stands: in a branch, and with which handlers around it."""

    conditional: bool = False
    handlers: tuple[Handler, ...] = ()

    def catches(self, sqlstate: str) -> bool:
        """Whether an error *sqlstate* is caught."""
        return any(handler.catches(sqlstate) for handler in self.handlers)


S = TypeVar("S")
Step = Callable[[S, Parsed, Place], "tuple[S, str | None]"]


def follow(
    nested: tuple[Parsed, ...], sections: tuple[Section, ...], state: S, step: Step[S]
) -> tuple[S, str | None]:
    """The last of the states that *step* makes of *state*, statement by statement.

    *step* also gives the SQLSTATE of an error that is certain, which ends the run unless a handler
    takes it: then the state is that before its section. An error nobody takes is returned.
    """
    return _follow(nested, sections, (0, len(nested)), Place(), state, step)


def _follow(
    nested: tuple[Parsed, ...],
    sections: tuple[Section, ...],
    span: tuple[int, int],
    place: Place,
    state: S,
    step: Step[S],
) -> tuple[S, str | None]:
    at, stop = span
    while at < stop:
        found = next((s for s in sections if s.start == at and s.end <= stop), None)
        if found is None:
            state, failure = step(state, nested[at], place)
            at += 1
        else:
            inside = sections[sections.index(found) + 1 :]
            around = Place(
                place.conditional or not found.handlers, (*found.handlers, *place.handlers)
            )
            before = state
            state, failure = _follow(nested, inside, (found.start, found.stop), around, state, step)
            taken = next((h for h in found.handlers if failure and h.catches(failure)), None)
            if taken is not None:
                part = (taken.start, taken.stop)
                state, failure = _follow(nested, inside, part, place, before, step)
            at = found.end
        if failure is not None:
            return state, failure
    return state, None
