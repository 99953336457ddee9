"""MS111: a domain's new constraint reads every table that uses the domain."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule
from migsafe.rule.words import shown
from migsafe.sql.ast import AlterDomain


class ValidatingDomain(Rule):
    """Tightening a domain reads every table that uses it while their writes wait.

    `ALTER DOMAIN … ADD CONSTRAINT`, `SET NOT NULL` and also `VALIDATE CONSTRAINT` hold SHARE on all
    tables with a column of the domain. `NOT VALID` takes no lock on them at all.
    """

    code = "MS111"
    grows = True
    looks_at = (AlterDomain,)
    bad = (
        "op.execute(\"ALTER DOMAIN email ADD CONSTRAINT ck_email CHECK (VALUE LIKE '%@%')\")",
        'op.execute("ALTER DOMAIN email SET NOT NULL")',
    )
    good = (
        """
        op.execute("ALTER DOMAIN email ADD CONSTRAINT ck_email CHECK (VALUE <> '') NOT VALID")
        """,
        "op.execute(\"ALTER DOMAIN email SET DEFAULT 'nobody@example.com'\")",
    )
    setup = """
    CREATE DOMAIN email AS text;
    CREATE TABLE contacts (address email);
    INSERT INTO contacts VALUES ('a@example.com');
    """
    safe_way = (
        "Add the constraint NOT VALID, which binds new values only. For old ones use a CHECK of "
        "the table, NOT VALID first and VALIDATE CONSTRAINT in a later revision: it reads the "
        "rows while writes go on."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if isinstance(statement, AlterDomain) and effects.scans:
            yield (
                f"checking domain {statement.name.display()} reads all of "
                f"{shown(effects.scans)} while writes to them wait"
            )
