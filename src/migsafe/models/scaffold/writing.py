"""Write the files of a draft, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from migsafe.errors import ConfigError
from migsafe.models.scaffold.registering import Insertion


def write(files: Mapping[Path, str], insertion: Insertion | None = None) -> None:
    """Write *files*, none of which exists, and make *insertion*.

    Raises ConfigError when that fails; what was written before is removed again.
    """
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
        if insertion is not None:
            text = insertion.path.read_text(encoding="utf-8")
            insertion.path.write_text(insertion.applied(text), encoding="utf-8", newline="\n")
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ConfigError(f"cannot be written: {error.strerror}", file=error.filename) from error
