"""The findings that a project already had when it began to check."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from migsafe.config import Settings
from migsafe.errors import ConfigError
from migsafe.rule import Finding

VERSION = 1


def read_baseline(settings: Settings) -> frozenset[str]:
    """The fingerprints in the baseline of *settings*, none when there is no baseline.

    Its path is relative to the pyproject.toml. Raises ConfigError for a file that is missing or
    no baseline.
    """
    if settings.baseline is None:
        return frozenset()
    folder = settings.path.parent if settings.path else Path.cwd()
    path = folder / settings.baseline
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            raise ConfigError("a baseline of another version; write it anew", file=path)
        return frozenset(entry["fingerprint"] for entry in found["findings"])
    except OSError as error:
        hint = "write it with migsafe baseline"
        raise ConfigError(f"the baseline cannot be read; {hint}", file=path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("not a baseline; write it anew", file=path) from error


def write_baseline(findings: Iterable[Finding], path: Path) -> None:
    """Write *findings* as the baseline *path*; what they say is there for the reader alone."""
    entries = [
        {
            "fingerprint": finding.fingerprint,
            "rule": finding.rule,
            "revision": finding.revision,
            "message": finding.message,
        }
        for finding in findings
    ]
    text = json.dumps({"version": VERSION, "findings": entries}, indent=1, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=path) from error
