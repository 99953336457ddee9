"""MS406: CASCADE drops what the migration does not name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects, Removal
from migsafe.rule import Context, Rule
from migsafe.rule.words import listed
from migsafe.sql.ast import AlterTable, Drop, DropColumn, DropConstraint, ObjectKind, Statement

_OWN = {"index", "sequence", "statistics", "trigger", "policy", "default"}


class UnseenCascade(Rule):
    """CASCADE drops views, foreign keys and columns that the migration does not name.

    What goes is decided when it runs, and may differ from what anybody has reviewed. Drop the
    dependent objects by name; then the migration fails where there are others.
    """

    code = "MS406"
    looks_at = (Drop, DropColumn, DropConstraint)
    bad = (
        'op.execute("DROP TABLE visits CASCADE")',
        'op.execute("ALTER TABLE users DROP COLUMN age CASCADE")',
        'op.execute("DROP TYPE mood CASCADE")',
    )
    good = ('op.execute("DROP VIEW IF EXISTS gone CASCADE")',)
    setup = """
    CREATE TABLE visits (id bigint PRIMARY KEY);
    CREATE TABLE pages (visit_id bigint REFERENCES visits (id));
    CREATE VIEW ages AS SELECT age FROM users;
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE feelings (mood mood);
    """
    safe_way = "Drop the dependent objects by name, each with its own line, and leave out CASCADE."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not _cascades(statement):
            return
        unseen = [str(removal) for removal in effects.removes if not _is_named(removal, statement)]
        if unseen:
            yield f"CASCADE also drops {listed(unseen)}"


def _cascades(statement: Statement) -> bool:
    if isinstance(statement, Drop):
        return statement.cascade
    if not isinstance(statement, AlterTable):
        return False
    return any(
        isinstance(action, DropColumn | DropConstraint) and action.cascade
        for action in statement.actions
    )


def _is_named(removal: Removal, statement: Statement) -> bool:
    """Whether *removal* is what the statement is about, or an inseparable part of it."""
    if removal.kind in _OWN:
        return True
    if isinstance(statement, Drop):
        if statement.kind is ObjectKind.SCHEMA:
            return removal.kind == "schema" or removal.relation.schema in {
                name.name for name in statement.names
            }
        return removal.part is None and any(
            name.name == removal.relation.name for name in statement.names
        )
    assert isinstance(statement, AlterTable)
    own = removal.relation.name == statement.name.name
    return own and removal.kind in ("column", "constraint")
