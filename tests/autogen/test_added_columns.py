"""New columns of tables in use: filled in batches, and NOT NULL when every row has a value."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from autogen.harness import Case, Project, catalog_of, create_all, differences, execute, prove
from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.rule import Finding
from migsafe.rules import load_rules
from migsafe.server import Server

ROWS = ("insert into t select n from generate_series(1, 12000) n",)


def table(*columns: sa.Column[object], key: bool = True) -> sa.MetaData:
    """One table, with the columns that are added."""
    metadata = sa.MetaData()
    low = sa.Column("low", sa.Integer, primary_key=key)
    sa.Table("t", metadata, low, *columns)
    return metadata


def token() -> sa.Column[object]:
    """A column with another value in each row."""
    default = sa.text("gen_random_uuid()")
    return sa.Column("token", sa.Uuid, server_default=default, nullable=False, unique=True)


def email() -> sa.Column[object]:
    """A column that the code has to fill."""
    return sa.Column("email", sa.Text, nullable=False, index=True)


def found(folder: Path) -> list[Finding]:
    """What `migsafe check` says of the scripts in *folder*."""
    report = check(capture(find_history([folder])), load_rules(), Settings())
    return [one for one in report.findings if one.severity.value != "info"]


def findings(folder: Path) -> list[str]:
    """The same as texts."""
    return list(map(str, found(folder)))


def test_each_row_gets_a_value_of_its_own(any_major: Server, tmp_path: Path) -> None:
    """In batches of key ranges, on every PostgreSQL; the end is that of the plain script."""
    checks = (("select count(distinct token) from t", 12000),)
    case = Case(table, lambda: table(token()), rows=ROWS, checks=checks, contains=("COMMIT;",))
    prove(case, any_major, tmp_path)


def test_a_table_without_a_key_is_filled_by_blocks(server: Server, tmp_path: Path) -> None:
    """The batches are ranges of blocks then."""
    case = Case(
        lambda: table(key=False),
        lambda: table(token(), key=False),
        rows=ROWS,
        checks=(("select count(distinct token) from t", 12000),),
        contains=("ctid",),
    )
    prove(case, server, tmp_path)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_what_is_required_comes_in_two_revisions(
    driver: str, server: Server, tmp_path: Path
) -> None:
    """Both are right by themselves, up, down and as SQL."""
    script = prove(Case(table, lambda: table(email())), server, tmp_path, driver)
    assert "(1 of 2, before the new code)" in script
    assert "nullable=True" in script


def test_the_second_revision_waits_for_values(server: Server, tmp_path: Path) -> None:
    """It stops at a row without one, and goes on when it is filled; check is silent on all."""
    with server.database() as url, server.database() as wanted:
        create_all(wanted, table(email(), token()))
        project = Project(tmp_path, url, table())
        project.revision("0001")
        project.upgrade()
        execute(url, ROWS)
        project.metadata = table(email(), token())
        project.revision("0002")
        project.upgrade("0002")
        with pytest.raises(sa.exc.IntegrityError, match="t_email_is_set"):
            project.upgrade()
        execute(url, ["update t set email = low"])
        project.upgrade()
        assert not differences(catalog_of(wanted), project.catalog())
        assert "(2 of 2, after the old code is gone)" in project.script("0003")
        assert not findings(tmp_path)


def leaving(new: bool) -> sa.MetaData:
    """Columns that go while others come: free ones, and one that is computed."""
    metadata = sa.MetaData()
    free = [
        sa.Column("plain", sa.Text, server_default="x", nullable=False, comment="c"),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("looked_up", sa.Integer, index=True),
        sa.Column("one of", sa.String(9), unique=True),
    ]
    table(*([email()] if new else free)).tables["t"].to_metadata(metadata)
    low = sa.Column("low", sa.Integer, primary_key=True)
    made = sa.Column("made", sa.Integer, sa.Computed("low + 1", persisted=True))
    sa.Table("computed", metadata, low, *([] if new else [made]))
    if not new:
        sa.Table("gone", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


def test_columns_stay_until_the_old_code_is_gone(any_major: Server, tmp_path: Path) -> None:
    """New code can insert without them; each revision is undone by its downgrade."""
    with any_major.database() as url, any_major.database() as wanted:
        create_all(wanted, leaving(True))
        project = Project(tmp_path, url, leaving(False))
        project.revision("0001")
        project.upgrade()
        project.metadata = leaving(True)
        first = project.revision("0002")
        met = [project.catalog()]
        project.upgrade("0002")
        execute(url, ["insert into t (email) values ('new')", "delete from t"])
        met.append(project.catalog())
        project.upgrade()
        assert not differences(catalog_of(wanted), project.catalog())
        for revision, known in (("0002", met[1]), ("0001", met[0])):
            project.downgrade(revision)
            assert not differences(known, project.catalog())
        project.upgrade()
        assert not differences(catalog_of(wanted), project.catalog())
        assert "op.drop_column('t'" not in first.partition("def downgrade")[0]
        assert first.count("after the old code is gone") == 2
        last = project.script("0003").partition("def downgrade")[0]
        assert last.count("op.drop_column('t', ") == 4
        assert {f.rule for f in found(tmp_path)} == {"MS303", "MS304"}


def test_branches_splicing_and_hooks_are_respected(server: Server, tmp_path: Path) -> None:
    """The first revision has the label and the place; the other one follows it, named alike."""

    def hook(context: object, revision: object, scripts: list[object]) -> None:
        scripts[0].message = "from the hook"  # type: ignore[attr-defined]

    with server.database() as url:
        project = Project(tmp_path, url, table())
        project.revision("base1")
        project.upgrade()
        project.metadata = table(email())
        project.options = {"process_revision_directives": hook}
        made = command.revision(
            project.config, autogenerate=True, head="base1", splice=True, branch_label="shop"
        )
        assert isinstance(made, list)
        first, second = made
        assert first is not None
        assert second is not None
        assert (first.down_revision, second.down_revision) == ("base1", first.revision)
        assert first.doc == "from the hook (1 of 2, before the new code)"
        assert second.doc == "from the hook (2 of 2, after the old code is gone)"
        script = ScriptDirectory.from_config(project.config)
        assert script.get_revision("shop@head").revision == second.revision
        project.upgrade("shop@head")
        command.stamp(project.config, "base1", purge=True)


def test_check_names_all_of_it(server: Server, tmp_path: Path) -> None:
    """`alembic check` lists what both revisions would do."""
    with server.database() as url:
        create_all(url, table())
        project = Project(tmp_path, url, table(email(), token()))
        with pytest.raises(CommandError, match=r"add_column.*'email'.*add_column.*'token'") as told:
            command.check(project.config)
        assert str(told.value).count("add_column") == 2


def test_one_revision_if_the_project_says_so(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`split = false` leaves a required column as it is."""
    (tmp_path / "pyproject.toml").write_text("[tool.migsafe.autogenerate]\nsplit = false\n")
    monkeypatch.chdir(tmp_path)
    script = prove(Case(table, lambda: table(email())), server, tmp_path / "migrations")
    assert "nullable=False" in script


def test_locks_are_waited_for_briefly(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `lock_timeout`, where something is locked, and unless the session has one already."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.migsafe]\ntarget-version = 18\n[tool.migsafe.autogenerate]\nlock_timeout = "5s"\n'
    )
    monkeypatch.chdir(tmp_path)
    setting = "SET LOCAL lock_timeout = '5s'"
    case = Case(
        lambda: table(sa.Column("n", sa.Integer)),
        lambda: table(sa.Column("n", sa.Integer, nullable=False)),
    )
    script = prove(case, server, tmp_path / "not_null")
    assert "ADD CONSTRAINT t_n_not_null NOT NULL n NOT VALID" in script
    upgrade, downgrade = script.split("def downgrade")
    assert (setting in upgrade, setting in downgrade) == (False, True)
    lasting = "op.execute(\"SET lock_timeout = '5s'\")"
    assert (upgrade.count(lasting), upgrade.count("RESET lock_timeout")) == (1, 1)
    added = Case(table, lambda: table(sa.Column("n", sa.Integer)), contains=(setting,))
    prove(added, server, tmp_path / "added")
    created = prove(Case(sa.MetaData, table), server, tmp_path / "created")
    assert setting not in created.split("def downgrade")[0]
    with server.database() as url:
        create_all(url, table())
        metadata = table(sa.Column("n", sa.Integer))
        project = Project(tmp_path / "set", f"{url}&options=-clock_timeout%3D3s", metadata)
        assert setting not in project.revision("one")


def test_what_has_no_online_form_says_so(server: Server, tmp_path: Path) -> None:
    """EXCLUDE, stored and numbered columns, types that have no chain; not those that only widen."""

    def before() -> sa.MetaData:
        return table(sa.Column("n", sa.Integer), sa.Column("s", sa.String(10)))

    def after() -> sa.MetaData:
        metadata = table(
            sa.Column("n", sa.BigInteger),
            sa.Column("s", sa.String(20)),
            sa.Column("twice", sa.Integer, sa.Computed("low * 2", persisted=True)),
            sa.Column("number", sa.Integer, sa.Identity()),
        )
        excluded = ExcludeConstraint((sa.column("n"), "="), using="btree", name="ex")
        metadata.tables["t"].append_constraint(excluded)
        return metadata

    script = prove(Case(before, after), server, tmp_path)
    assert script.count("No online form: the rows of t are written anew") == 1
    assert script.count("No online form: an exclusion constraint") == 1
    assert script.count("No online form: twice is computed for all rows of t") == 1
    assert script.count("No online form: all rows of t get a number") == 1


def test_nobody_waits_while_a_column_is_filled(server: Server, tmp_path: Path) -> None:
    """Another session writes with a short lock_timeout all the time, and never runs into it."""
    import threading

    with server.database() as url:
        create_all(url, table())
        execute(url, ["insert into t select n from generate_series(1, 60000) n"])
        project = Project(tmp_path, url, table(token()))
        project.revision("one")
        done, waits = threading.Event(), []

        def work() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("set lock_timeout = '2s'")
                while not done.is_set():
                    try:
                        connection.execute("update t set low = low where low = 1")
                    except psycopg.errors.LockNotAvailable as error:
                        waits.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            project.upgrade()
        finally:
            done.set()
            thread.join()
        assert not waits
        with psycopg.connect(url) as connection:
            row = connection.execute("select count(distinct xmin::text) from t").fetchone()
        assert row is not None
        assert row[0] > 3  # Each batch is committed by itself.
