"""Make the models' tables in a throwaway database, fill them, and try all that they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location
from migsafe.catalog import Catalog, Table, TableKind
from migsafe.catalog.attached import Policy, Rule, Trigger
from migsafe.catalog.diff import Difference, describe, diff
from migsafe.catalog.objects import Function, Other, View
from migsafe.errors import ConfigError, HistoryError
from migsafe.models.mapping import mappers_of, mapping_problem
from migsafe.models.rule import Design
from migsafe.models.verify.extensions import extension_for
from migsafe.models.verify.filling import tie
from migsafe.models.verify.indexes import index_proofs
from migsafe.models.verify.keys import key_proofs
from migsafe.models.verify.proof import Proof, Verdict, Verification
from migsafe.models.verify.relationships import relationship_proofs, settle_identities
from migsafe.models.verify.trial import Trial
from migsafe.models.verify.validation import validation_proofs
from migsafe.models.verify.values import value_proofs
from migsafe.names import quote_ident
from migsafe.server import Server, sqlalchemy_url
from migsafe.server.databases import connect

if TYPE_CHECKING:
    from sqlalchemy import MetaData

ROWS = 30
"""How many rows a table gets for the trials of constraints and relationships."""
MANY = 2000
"""How many more it gets before the planner is asked about indexes."""
Progress = Callable[[int, int, str], None]


def verify(
    metadata: MetaData,
    server: Server,
    *,
    location: Location | None = None,
    schemas: Sequence[str] = (),
    progress: Progress = lambda done, total, table: None,
) -> Verification:
    """Prove on *server* what the models of *metadata* promise.

    With *location* the database that the migrations there make is compared with them, too; the
    modules *schemas* have Pydantic schemas for what is written to their tables. Raises ConfigError
    when the tables cannot be made or the schemas not imported, HistoryError when the migrations
    fail.
    """
    from migsafe.introspect import introspect
    from migsafe.seed import seed

    with server.database() as url:
        _create(metadata, sqlalchemy_url(url))
        with connect(url) as connection:
            catalog = introspect(connection)
            seeding = seed(connection, catalog, rows=ROWS)
            tie(connection, catalog)
            trial = Trial(connection, catalog)
            tables = list(_tables(catalog))
            proofs: list[Proof] = []
            for place, table in enumerate(tables):
                progress(place, len(tables), table.name.display())
                proofs += _of_table(trial, table, seeding.empty)
            proofs += _unfilled(catalog)
            proofs += _of_classes(connection, url, Design(catalog, metadata), schemas)
            seed(connection, catalog, rows=MANY)
            connection.execute("ANALYZE")
            for table in tables:
                proofs += index_proofs(trial, table)
    if location is not None:
        proofs += _migrated(location, server, catalog)
    progress(len(tables), len(tables), "")
    return Verification(tuple(proofs), len(tables), server.major, seeding.empty)


def _create(metadata: MetaData, url: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    schemas = {table.schema for table in metadata.tables.values() if table.schema}
    extensions: list[str] = []
    while True:
        try:
            with engine.begin() as connection:
                for name in extensions:
                    connection.execute(
                        sa.text(f"CREATE EXTENSION IF NOT EXISTS {quote_ident(name)}")
                    )
                for schema in sorted({*schemas, *([metadata.schema] if metadata.schema else [])}):
                    connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
                metadata.create_all(connection)
            return
        except sa.exc.SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
            missing = extension_for(first)
            if missing is None or missing in extensions:
                raise ConfigError(f"the models' tables cannot be made: {first}") from error
            # Models that were read from a database say nothing of its extensions.
            extensions.append(missing)


def _tables(catalog: Catalog) -> Iterator[Table]:
    for name in sorted(catalog.tables):
        if catalog.tables[name].kind is TableKind.TABLE:
            yield catalog.tables[name]


def _of_classes(
    connection: Any, url: str, design: Design, schemas: Sequence[str]
) -> Iterator[Proof]:
    mappers = mappers_of(design.metadata)
    problem = mapping_problem(mappers)
    if problem is not None:
        yield Proof("relationship", None, "mappers", Verdict.WRONG, problem)
        return
    settle_identities(connection, design, mappers)
    yield from relationship_proofs(sqlalchemy_url(url), design, mappers)
    yield from validation_proofs(sqlalchemy_url(url), design, mappers, schemas)


def _unfilled(catalog: Catalog) -> Iterator[Proof]:
    """Partitioned tables that cannot take a row."""
    for name in sorted(catalog.tables):
        is_parent = catalog.tables[name].kind is TableKind.PARTITIONED
        if is_parent and not catalog.partitions_of(name):
            told = "it has no partition, so it takes no row"
            yield Proof("check", name, name.name, Verdict.UNTRIED, told)


def _of_table(trial: Trial, table: Table, empty: Any) -> Iterator[Proof]:
    if not trial.rows(table):
        told = f"it could not be filled: {empty.get(table.name, 'no row was taken')}"
        yield Proof("check", table.name, table.name.name, Verdict.UNTRIED, told)
        return
    yield from value_proofs(trial, table)
    yield from key_proofs(trial, table)


def _migrated(location: Location, server: Server, wanted: Catalog) -> Iterator[Proof]:
    """How the database that the migrations make differs from that of the models."""
    from migsafe.roundtrip import Ride
    from migsafe.roundtrip.project import boarding

    with boarding(location, server) as project, ExitStack() as room:
        ride = Ride(project, room)
        for revision in ride.order:
            result = ride.take(revision, down_too=False)
            if result.up != "ok":
                raise HistoryError(f"it cannot be upgraded: {result.error}", file=result.file)
        found = [d for d in diff(wanted, ride.catalog) if not d.benign and not _is_beyond(d)]
    for difference in found:
        yield Proof("migrations", None, "migrations", Verdict.WRONG, _told(difference))
    if not found:
        told = "the migrations make the database that the models promise"
        yield Proof("migrations", None, "migrations", Verdict.PROVED, told)


def _is_beyond(difference: Difference) -> bool:
    """Whether it is something that migrations make and models cannot speak of."""
    is_extra = difference.attribute is None and difference.before is None
    beyond = (Function, Trigger, View, Policy, Rule, Other)
    return is_extra and isinstance(difference.after, beyond)


def _told(difference: Difference) -> str:
    if difference.attribute is not None:
        return describe(difference)
    where = "migrations" if difference.before is None else "models"
    return f"{difference.kind} {difference.name} is in the {where} only"
