"""Runs in the environment of one tool: Alembic's commands on the features it is sent, line by line.

`python autogenerate_worker.py TOOL` reads one JSON object a line (folder, url, models, objects) and
makes each in a process of its own. After every command, or an error, it writes a line about it and
waits for one: `go` for the next command, anything else to stop. A line `done` ends the feature.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

given = context.config.attributes
{head}
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=given["metadata"], compare_server_default=True,
        include_schemas=any(table.schema for table in given["metadata"].tables.values()),
        {options}
    )
    with context.begin_transaction():
        context.run_migrations()
"""
TEMPLATE = '''"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''


def models(text: str) -> sa.MetaData:
    """The models that *text* tells."""
    metadata = sa.MetaData()

    def t(*columns: Any, name: str = "t", **options: Any) -> sa.Table:
        key = sa.Column("id", sa.Integer, primary_key=True)
        return sa.Table(name, metadata, key, *columns, **options)

    exec(text, {"sa": sa, "pg": postgresql, "C": sa.Column, "m": metadata, "t": t})
    return metadata


class Unknown(Exception):
    """The tool has no word for such an object."""


# -- how each tool is told of objects -----------------------------------------------------------


def migsafe(metadata: sa.MetaData, objects: list[dict[str, str]]) -> Any:
    from migsafe import declare

    made = {
        "view": lambda o: declare.View(o["name"], o["query"]),
        "materialized view": lambda o: declare.MaterializedView(o["name"], o["query"]),
        "function": lambda o: declare.Function(f"{o['name']}()", _function(o)),
        "trigger": lambda o: declare.Trigger(
            o["name"], o["table"], f"{o['when']} {o['event']}", _calls(o)
        ),
        "policy": lambda o: declare.Policy(o["name"], o["table"], o["definition"]),
        "extension": lambda o: declare.Extension(o["name"]),
        "statistics": lambda o: declare.Statistics(o["name"], o["table"], o["definition"]),
    }
    declare.objects(metadata, *(made[o["kind"]](o) for o in objects))


def utils(metadata: sa.MetaData, objects: list[dict[str, str]], package: str = "") -> Any:
    def kind(module: str, name: str) -> Any:
        return getattr(_module(f"{package or 'alembic_utils'}.{module}"), name)

    def trigger(o: dict[str, str]) -> Any:
        text = f"{o['when']} {o['event']} ON public.{o['table']} {_calls(o)}"
        made = kind("pg_trigger", "PGTrigger")
        return made("public", o["name"], text, on_entity=f"public.{o['table']}")

    made = {
        "view": lambda o: kind("pg_view", "PGView")("public", o["name"], o["query"]),
        "materialized view": lambda o: kind("pg_materialized_view", "PGMaterializedView")(
            "public", o["name"], o["query"]
        ),
        "function": lambda o: kind("pg_function", "PGFunction")(
            "public", f"{o['name']}()", _function(o)
        ),
        "trigger": trigger,
        "policy": lambda o: kind("pg_policy", "PGPolicy")(
            "public", o["name"], o["definition"], on_entity=f"public.{o['table']}"
        ),
        "extension": lambda o: kind("pg_extension", "PGExtension")("public", o["name"]),
    }
    if any(o["kind"] not in made for o in objects):
        raise Unknown
    return [made[o["kind"]](o) for o in objects]


def utils_extended(metadata: sa.MetaData, objects: list[dict[str, str]]) -> Any:
    return utils(metadata, objects, "alembic_utils_extended")


def pg_autogen(metadata: sa.MetaData, objects: list[dict[str, str]]) -> Any:
    if any(o["kind"] not in ("view", "function", "trigger") for o in objects):
        raise Unknown
    return {
        f"pg_{kind}s": [
            ddl(o).replace("CREATE", "CREATE OR REPLACE", 1) for o in objects if o["kind"] == kind
        ]
        for kind in {o["kind"] for o in objects}
    }


def declarative(metadata: sa.MetaData, objects: list[dict[str, str]]) -> Any:
    package = _module("sqlalchemy_declarative_extensions")
    dialect = _module("sqlalchemy_declarative_extensions.dialects.postgresql")
    found: dict[str, list[Any]] = {"view": [], "function": [], "trigger": []}
    for o in objects:
        if o["kind"] == "view":
            found["view"].append(package.View(o["name"], o["query"]))
        elif o["kind"] == "materialized view":
            found["view"].append(package.View(o["name"], o["query"], materialized=True))
        elif o["kind"] == "function":
            words = {"returns": o["returns"], "language": o["language"]}
            found["function"].append(dialect.Function(o["name"], o["body"], **words))
        elif o["kind"] == "trigger":
            make = getattr(dialect.Trigger, o["when"].lower())
            trigger = make(o["event"].lower(), on=o["table"], execute=o["function"], name=o["name"])
            found["trigger"].append(trigger.for_each_row())
        else:
            raise Unknown
    package.declare_database(
        metadata,
        views=package.Views().are(*found["view"]) if found["view"] else None,
        functions=package.Functions().are(*found["function"]) if found["function"] else None,
        triggers=package.Triggers().are(*found["trigger"]) if found["trigger"] else None,
    )


def none(metadata: sa.MetaData, objects: list[dict[str, str]]) -> Any:
    if objects:
        raise Unknown


def _module(name: str) -> ModuleType:
    return __import__(name, fromlist=["_"])


def _function(o: dict[str, str]) -> str:
    return f"RETURNS {o['returns']} LANGUAGE {o['language']} AS $${o['body']}$$"


def _calls(o: dict[str, str]) -> str:
    return f"FOR EACH ROW EXECUTE FUNCTION {o['function']}()"


def ddl(o: dict[str, str]) -> str:
    """The object *o* as SQL."""
    kind, name = o["kind"], o["name"]
    if kind in ("view", "materialized view"):
        return f"CREATE {kind.upper()} {name} AS {o['query']}"
    if kind == "function":
        return f"CREATE FUNCTION {name}() {_function(o)}"
    if kind == "trigger":
        return f"CREATE TRIGGER {name} {o['when']} {o['event']} ON {o['table']} {_calls(o)}"
    if kind == "policy":
        return f"CREATE POLICY {name} ON {o['table']} {o['definition']}"
    if kind == "extension":
        return f"CREATE EXTENSION {name}"
    return f"CREATE STATISTICS {name} {o['definition']} FROM {o['table']}"


BY_NAME = '"alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"'
TOOLS: dict[str, tuple[Any, str, str]] = {
    "migsafe": (migsafe, "", 'autogenerate_plugins=["alembic.autogenerate.*", "migsafe.*"]'),
    "alembic": (none, "", ""),
    "alembic-postgresql-enum": (none, "import alembic_postgresql_enum", ""),
    "alembic-utils": (
        utils,
        "from alembic_utils.replaceable_entity import register_entities\n"
        'register_entities(given["objects"] or [])',
        "",
    ),
    "alembic-utils-extended": (
        utils_extended,
        "from alembic_utils_extended.replaceable_entity import register_entities\n"
        'register_entities(given["objects"] or [])',
        "compare_check_constraints=True, compare_enum_values=True",
    ),
    "alembic-pg-autogen": (
        pg_autogen,
        "import alembic_pg_autogen",
        f'autogenerate_plugins=[{BY_NAME}, "alembic_pg_autogen.*"], **(given["objects"] or {{}})',
    ),
    "sqlalchemy-declarative-extensions": (
        declarative,
        "from sqlalchemy_declarative_extensions import register_alembic_events\n"
        "register_alembic_events()",
        "",
    ),
}
"""By name: what tells the tool of objects, the head of its env.py, its options there."""


# -- the commands -------------------------------------------------------------------------------


def run(tool: str, asked: dict[str, Any]) -> None:
    """Run the four commands for one feature, as long as the answer is `go`."""
    from alembic import command
    from alembic.config import Config

    tell, head, options = TOOLS[tool]
    folder = Path(asked["folder"])
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV.format(head=head, options=options))
    (folder / "script.py.mako").write_text(TEMPLATE)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", asked["url"].replace("%", "%%"))
    metadata = models(asked["models"])
    objects = tell(metadata, asked["objects"])
    config.attributes.update(metadata=metadata, objects=objects)
    steps = (
        lambda: command.revision(config, "one", autogenerate=True, rev_id="one"),
        lambda: command.upgrade(config, "head"),
        lambda: command.revision(config, "two", autogenerate=True, rev_id="two"),
        lambda: command.downgrade(config, "base"),
    )
    for number, step in enumerate(steps):
        step()
        written = sorted(folder.glob(f"versions/{'two' if number >= 2 else 'one'}*.py"))
        texts = [path.read_text() for path in written]
        answer({"empty": all(text.count("    pass\n") == 2 for text in texts)})
        if _line() != "go\n":
            return


def answer(said: dict[str, Any]) -> None:
    """Write one line."""
    os.write(ANSWERS, (json.dumps(said) + "\n").encode())


def main() -> None:
    """Take one feature after the other; the tools keep things in their modules, so fork."""
    tool = sys.argv[1]
    for module in ("alembic.command", "sqlalchemy.dialects.postgresql.psycopg", *IMPORTED[tool]):
        importlib.import_module(module)
    while line := _line():
        child = os.fork()
        if not child:
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(sys.stderr):
                try:
                    run(tool, json.loads(line))
                except Unknown:
                    answer({"unknown": True})
                    _line()
                except Exception as error:
                    answer({"error": f"{type(error).__name__}: {error}"})
                    _line()
            os._exit(0)
        os.waitpid(child, 0)
        answer({"done": True})


def _line() -> str:
    """Read one line and no byte beyond it: the processes read in turns."""
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        found += byte
    return found.decode()


IMPORTED: dict[str, tuple[str, ...]] = {
    "alembic": (),
    "alembic-postgresql-enum": ("alembic_postgresql_enum",),
    "alembic-utils": ("alembic_utils.replaceable_entity", "alembic_utils.pg_view"),
    "alembic-utils-extended": (
        "alembic_utils_extended.replaceable_entity",
        "alembic_utils_extended.pg_view",
    ),
    "alembic-pg-autogen": ("alembic_pg_autogen",),
    "sqlalchemy-declarative-extensions": ("sqlalchemy_declarative_extensions.dialects.postgresql",),
    "migsafe": ("migsafe.autogen.online", "migsafe.autogen.objects", "migsafe.autogen.enums"),
}
"""What is imported once for all features."""
ANSWERS = os.dup(1)
if __name__ == "__main__":
    main()
