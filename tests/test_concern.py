"""Which tables get rows for the trip of a migration."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from migsafe.introspect import introspect
from migsafe.roundtrip.concern import concerned, wording

HEAD = "from alembic import op\nimport sqlalchemy as sa\n"
FOUND = {
    "op.execute('DELETE FROM people')": {"people", "visits", "notes"},
    "op.drop_column('notes', 'body')": {"notes"},
    "op.get_bind().execute(sa.delete(sa.table('visits')))": {"visits", "notes"},
    "op.create_table('other', sa.Column('id', sa.Integer))": set(),
    "op.execute('DELETE FROM ' + name)": None,
    "op.execute('SELECT tidy(1), 2 FROM people')": None,
    "op.execute('DELETE FROM everybody')": None,
    "sa.inspect(op.get_bind()).get_table_names(); 'people'": None,
    "from app.models import Person": None,
    "op.execute('UPDATE watched SET id = 1')": None,
}


@pytest.mark.parametrize("body", FOUND)
def test_only_tables_that_can_matter_are_filled(tmp_path: Path, db: str, body: str) -> None:
    """Those that are named, and all that refer to them; all where the text may not say it all."""
    with psycopg.connect(db) as connection:
        connection.execute(
            "CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE apart (id int);"
            "CREATE TABLE visits (id int PRIMARY KEY, who int REFERENCES people);"
            "CREATE TABLE notes (body text, visit int REFERENCES visits);"
            "CREATE TABLE watched (id int);"
            "CREATE VIEW everybody AS SELECT id FROM people;"
            "CREATE FUNCTION tidy(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER seen BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION seen()"
        )
        catalog = introspect(connection)
    file = tmp_path / "one.py"
    file.write_text(f"{HEAD}revision, down_revision = 'a', None\n\ndef upgrade():\n    {body}\n")
    found = concerned(wording(file), catalog, catalog)
    assert (None if found is None else {name.name for name in found}) == FOUND[body]
