"""Statistics as JSON, in a documented form that only grows: ``version`` is 1."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from migsafe.errors import ConfigError
from migsafe.names import Name
from migsafe.stats.model import IndexStats, Stats, TableStats

VERSION = 1
_COUNTERS = ("seq_scans", "idx_scans", "inserted", "updated", "deleted")


def as_json(stats: Stats) -> str:
    """*stats* as a JSON text; docs/stats.md tells the form."""
    tables = [_object(stats.tables[name]) for name in sorted(stats.tables)]
    document = {
        "version": VERSION,
        "postgres": stats.postgres,
        "seconds": stats.seconds,
        "tables": tables,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load_stats(path: Path) -> Stats:
    """The statistics in the file *path*; ConfigError when it cannot be read or holds none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise ConfigError("statistics of another version; make them anew", file=path)
        tables = [_table(entry) for entry in document["tables"]]
        return Stats(
            {table.name: table for table in tables}, document["seconds"], document["postgres"]
        )
    except OSError as error:
        hint = "write it with migsafe stats URL"
        raise ConfigError(f"the statistics cannot be read; {hint}", file=path) from error
    except (ValueError, KeyError, TypeError) as error:
        hint = "make them with migsafe stats URL"
        raise ConfigError(f"these are no statistics; {hint}", file=path) from error


def _object(table: TableStats) -> dict[str, Any]:
    return {
        **_name(table.name),
        "rows": table.rows,
        "bytes": table.bytes,
        "index_bytes": table.index_bytes,
        **{counter: getattr(table, counter) for counter in _COUNTERS},
        "parent": _name(table.parent) if table.parent else None,
        "indexes": [asdict(index) for index in table.indexes],
    }


def _name(name: Name) -> dict[str, str | None]:
    return {"schema": name.schema, "name": name.name}


def _table(entry: dict[str, Any]) -> TableStats:
    """A table as `as_json` writes it; counters, parent and indexes may be left out."""
    parent = entry.get("parent")
    rows = entry["rows"]
    return TableStats(
        name=Name(str(entry["schema"]), str(entry["name"])),
        rows=None if rows is None else int(rows),
        bytes=int(entry["bytes"]),
        index_bytes=int(entry.get("index_bytes", 0)),
        **{counter: int(entry.get(counter, 0)) for counter in _COUNTERS},
        parent=Name(str(parent["schema"]), str(parent["name"])) if parent else None,
        indexes=tuple(
            IndexStats(str(i["name"]), int(i["bytes"]), int(i["scans"]))
            for i in entry.get("indexes", ())
        ),
    )
