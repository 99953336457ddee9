"""docs/checks.md: every known check is answered, by what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_tricky import found

from migsafe.models.rules import load_design_rules
from migsafe.rules import load_rules

ROOT = Path(__file__).parent.parent
ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+) \|$", (ROOT / "docs/checks.md").read_text(encoding="utf-8"), re.M
)
CODES = {rule.code for rule in (*load_rules(), *load_design_rules())}


def test_every_number_is_there() -> None:
    """140 checks, each once, in order."""
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 141))


@pytest.mark.parametrize(("number", "what", "answer"), ROWS, ids=[row[0] for row in ROWS])
def test_an_answer_names_what_exists(number: str, what: str, answer: str) -> None:
    """Codes are those of rules, files are in the set, quoted cases are tests."""
    assert set(re.findall(r"MS\d{3}", answer)) <= CODES
    for name in re.findall(r"`(\w+(?:\.py)?)`", answer):
        if name.endswith(".py") or name.startswith("harmless_"):
            assert (ROOT / "tests" / "tricky" / name).exists(), name
    cases = (ROOT / "tests" / "test_harmless.py").read_text(encoding="utf-8")
    for case in re.findall(r'"([^"]+)"', answer):
        assert f'"{case}": ' in cases, case
    says = ("MS", "silent", "not ours", "--postgres", "report", "not known")
    assert any(word in answer for word in says)


STATEMENTS = [
    (1, "ALTER TABLE accounts ADD COLUMN x int NOT NULL", "MS401"),
    (2, "ALTER TABLE accounts ADD COLUMN x uuid DEFAULT gen_random_uuid()", "MS202"),
    (6, "ALTER TABLE accounts ADD COLUMN x serial", "MS202"),
    (7, "ALTER TABLE accounts ADD COLUMN x int GENERATED ALWAYS AS IDENTITY", "MS202"),
    (8, "ALTER TABLE accounts ADD COLUMN x int GENERATED ALWAYS AS (age) STORED", "MS202"),
    (9, "ALTER TABLE accounts ADD COLUMN x int UNIQUE", "MS107"),
    (12, "ALTER TABLE accounts ADD COLUMN x int CHECK (x > 0)", "MS105"),
    (20, "ALTER TABLE orders ALTER COLUMN total TYPE bigint", "MS201"),
    (22, "ALTER TABLE accounts ALTER COLUMN seen_at TYPE timestamptz", "MS201"),
    (23, 'ALTER TABLE accounts ALTER COLUMN email TYPE varchar(120) COLLATE "C"', "MS201"),
    (25, "ALTER TABLE accounts ALTER COLUMN address TYPE int USING address::int", "MS201"),
    (31, "ALTER TABLE orders ALTER COLUMN total DROP NOT NULL", ""),
    (32, "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT", ""),
    (35, "ALTER TABLE accounts DROP COLUMN email", "MS303"),
    (37, "ALTER TABLE accounts ALTER COLUMN name SET STORAGE EXTERNAL", ""),
    (38, "ALTER TABLE orders ALTER COLUMN id DROP IDENTITY IF EXISTS", ""),
    (40, "DROP TABLE orders CASCADE", "MS304 MS406"),
    (43, "ALTER TABLE visits SET SCHEMA billing", "MS302"),
    (43, "ALTER SCHEMA billing RENAME TO money", "MS306"),
    (43, "SET search_path TO billing", "MS606"),
    (45, "TRUNCATE accounts CASCADE", "MS405"),
    (46, "ALTER TABLE visits SET UNLOGGED", "MS203"),
    (47, "ALTER TABLE visits SET TABLESPACE fast", "MS203"),
    (50, "CREATE TABLE IF NOT EXISTS visits (id bigint, who text)", "MS410"),
    (53, "CREATE TABLE copies AS SELECT * FROM accounts", ""),
    (56, "ALTER TABLE accounts SET (fillfactor = 70)", ""),
    (59, "CREATE INDEX ix ON events (at)", "MS101"),
    (67, "REINDEX INDEX ix_accounts_email", "MS103"),
    (73, f"CREATE TABLE {'t' * 70} (id int); CREATE TABLE {'t' * 71} (id int)", "MS407"),
    (75, "ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES accounts NOT VALID", "MS407"),
    (86, "ALTER TABLE accounts DROP CONSTRAINT ck_level", ""),
    (93, "ALTER TYPE order_state RENAME VALUE 'paid' TO 'done'", "MS305"),
    (98, "DROP VIEW adults", "MS307"),
    (99, "CREATE OR REPLACE VIEW adults AS SELECT id, name FROM accounts WHERE age > 20", ""),
    (101, "ALTER TABLE accounts DISABLE TRIGGER ALL", "MS411"),
    (102, "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY", "MS310"),
    (102, "GRANT SELECT ON accounts TO PUBLIC", ""),
    (103, "ALTER TABLE accounts REPLICA IDENTITY FULL", ""),
    (106, "ALTER TABLE events DETACH PARTITION events_2024", "MS114"),
    (110, "ALTER TABLE visits ADD COLUMN x int; UPDATE visits SET x = 1", "MS110"),
    (114, "COMMIT", "MS605"),
    (117, "DELETE FROM orders", "MS601"),
    (124, "DELETE FROM orders WHERE account_id IS NULL", "MS601"),
]


@pytest.mark.parametrize(("number", "sql", "codes"), STATEMENTS, ids=lambda value: str(value)[:60])
def test_the_page_says_what_the_rules_say(
    number: int, sql: str, codes: str, tmp_path: Path
) -> None:
    """A statement of the kind that a row is about is judged as the row says."""
    case = tmp_path / "case.py"
    case.write_text(
        "from alembic import op\n\nrevision = 'case'\ndown_revision = 'start'\n\n\n"
        f"def upgrade():\n    op.execute({sql!r})\n"
    )
    rules = [rule for _, _, rule in found(case, tmp_path / "history")]
    assert sorted(rules) == sorted(codes.split())
    answer = ROWS[number - 1][2]
    assert set(rules) & set(re.findall(r"MS\d{3}", answer)) or (not rules and "silent" in answer)
