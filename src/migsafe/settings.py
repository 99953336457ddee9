"""What ``[tool.migsafe]`` can say, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from migsafe.values import dataclass

OLDEST, NEWEST = 14, 18
"""The PostgreSQL majors that migsafe knows."""

SEVERITIES = ("error", "warning", "info")
"""The values of `migsafe.rule.Severity`, the gravest first."""


@dataclass(frozen=True)
class Size:
    """How large a table is: its *bytes* without indexes, or its *rows*."""

    bytes: int | None = None
    rows: int | None = None

    @classmethod
    def parse(cls, value: Any) -> Size:
        """``"500MB"`` and ``"1GB"`` are bytes, a number is rows; raises ValueError otherwise."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return cls(rows=value)
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)\s*", str(value))
        if match is None:
            raise ValueError('expected a size, like "1GB", or a number of rows, like 1000000')
        return cls(bytes=int(float(match[1]) * _UNITS[match[2]]))

    def is_reached(self, bytes_: int, rows: int | None) -> bool:
        """Whether a table with so many bytes and rows is as large; False where rows are unknown."""
        if self.rows is not None:
            return rows is not None and rows >= self.rows
        return bytes_ >= (self.bytes or 0)


_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True)
class ServerSettings:
    """``[tool.migsafe.server]``: the throwaway PostgreSQL.

    Attributes:
        provider: one of `migsafe.server.PROVIDERS`; None takes what there is.
        url: a server on which databases may be created, for the provider ``url``.
        major: the major version wanted, or None for any.
        image: the image of the provider ``testcontainers``; the official one of *major* if None.
    """

    provider: str | None = None
    url: str | None = field(default=None, repr=False)
    major: int | None = None
    image: str | None = None


@dataclass(frozen=True)
class RoundtripSettings:
    """``[tool.migsafe.roundtrip]``: what `migsafe roundtrip` and ``pytest --migsafe`` prove.

    Attributes:
        checks: names of `migsafe.roundtrip.checks.NAMES`; None for the usual ones.
        keep_going: whether revisions behind one that cannot be upgraded are tried all the same.
        jobs: in how many processes `migsafe roundtrip` makes its trip; as many as pay if None.
        timeout: how many seconds an upgrade or a downgrade may take; no limit if 0.
        seeds: the folder with rows of the project's own, from the folder of pyproject.toml.
        release: the git commit of the last release; the last tag if None.
    """

    checks: tuple[str, ...] | None = None
    keep_going: bool = False
    jobs: int | None = None
    timeout: float = 60.0
    seeds: str = "tests/migrations/seeds"
    release: str | None = None


@dataclass(frozen=True)
class AutogenerateSettings:
    """``[tool.migsafe.autogenerate]``: what the plugin writes.

    *online* says whether statements that block others are written in their online form, *split*
    whether what has to wait for a deployment of code gets a revision of its own. *type_changes*
    that write a table anew become a ``chain`` of revisions, or stay a ``rewrite``. *lock_timeout*,
    such as ``5s``, is set before locks that cannot be avoided, unless env.py sets one.
    """

    online: bool = True
    split: bool = True
    type_changes: str = "chain"
    lock_timeout: str | None = None


@dataclass(frozen=True)
class ModelsSettings:
    """``[tool.migsafe.models]``: where `migsafe models new` writes, and how designs are judged.

    Attributes:
        package: the package of the models, as ``app.models``; None to find it.
        schemas, repositories: packages for those, beside that of the models if None.
        tests: the folder of the tests, from the project's root.
        style: sqlmodel or sqlalchemy; None for that of the models that are there.
        session: sync or async, for repositories.
        profile: the rules of `migsafe models lint`: recommended, audit or strict.
        tables: plural, or any, for the names of tables.
        index_prefixes: what the names of indexes begin with.
        created_at, updated_at, deleted_at: what these columns are called; an empty one is not
            asked for.
        owners: columns that say to whom a row belongs.
    """

    package: str | None = None
    schemas: str | None = None
    repositories: str | None = None
    tests: str | None = None
    style: str | None = None
    session: str = "sync"
    profile: str = "recommended"
    tables: str = "plural"
    index_prefixes: tuple[str, ...] = ("ix_", "idx_")
    created_at: str = "created_at"
    updated_at: str = "updated_at"
    deleted_at: str = "deleted_at"
    owners: tuple[str, ...] = ("user_id", "owner_id", "tenant_id", "account_id", "organization_id")


@dataclass(frozen=True)
class PathSettings:
    """``[tool.migsafe.paths."PATTERN"]``: what holds for some migration files beside the rest.

    *select* keeps only these rules' findings there, *ignore* leaves findings out, *severity* goes
    before the one for all files.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """``[tool.migsafe]``: what a project has decided.

    Attributes:
        target_version: the oldest PostgreSQL major that the migrations will run on.
        select: codes, names or prefixes of codes of the rules to use; all rules when empty.
        ignore: the same, of the rules not to use.
        severity: severities other than a rule's own (``error`` …), by the rule's code or name.
        min_severity: findings less grave than this are not shown and do not count.
        exclude: patterns of migration files that are folded but not judged.
        paths: what else holds for the migration files of a pattern.
        rules: packages with further rules.
        baseline: a file with findings that are known already.
        stats: a file that `migsafe stats` has written; severities follow the sizes in it.
        small, large: work on tables smaller than *small* is a note; on those as large as *large*
            a warning about it is an error.
        path: the pyproject.toml that was read, or None.
    """

    target_version: int = OLDEST
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    min_severity: str = "warning"
    exclude: tuple[str, ...] = ()
    paths: Mapping[str, PathSettings] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    baseline: str | None = None
    stats: str | None = None
    small: Size = Size(bytes=10**7)
    large: Size = Size(bytes=10**9)
    server: ServerSettings = ServerSettings()
    roundtrip: RoundtripSettings = RoundtripSettings()
    autogenerate: AutogenerateSettings = AutogenerateSettings()
    models: ModelsSettings = ModelsSettings()
    path: Path | None = None
