"""A check that a history works in the schema that search_path names."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Catalog
from migsafe.names import Name
from migsafe.roundtrip.checks.subject import Check, NotApplicable, Subject
from migsafe.server.given import LentDatabase

_SETUP = (
    "CREATE SCHEMA migsafe_other",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = migsafe_other', "
    "current_database()); END $$",
)


def _problems(subject: Subject) -> Iterator[str]:
    project = subject.project
    if isinstance(project.server, LentDatabase):
        raise NotApplicable("the settings of a lent database are not changed")
    if isinstance(subject.whole, str):
        raise NotApplicable(f"the history cannot be upgraded at once: {subject.whole}")
    with project.aboard(), project.database(setup=_SETUP) as url:
        told = subject.told(lambda: project.runner.upgrade(*subject.order))
        if told:
            yield f"with another schema on the search_path the upgrade fails: {told}"
            return
        for kind, name in sorted(_in_public(subject.catalog(url)), key=str):
            yield f"{kind} {name} is made in public, whatever the search_path says"


def _in_public(catalog: Catalog) -> Iterator[tuple[str, Name]]:
    functions = {name for name, _ in catalog.functions}
    for kind, names in (
        ("table", catalog.tables),
        ("view", catalog.views),
        ("type", catalog.types),
        ("sequence", catalog.sequences),
        ("function", functions),
    ):
        for name in names:
            if name.schema == "public":
                yield kind, name


OTHER_SCHEMA = Check("other-schema", "the history can be upgraded in another schema", _problems)
