"""The modules that models build on: base class, mixins, engines and sessions."""

from __future__ import annotations

import re
from pathlib import Path

from migsafe.errors import ConfigError
from migsafe.models.scaffold.files import rendered


def foundation(root: Path, package: str | None, style: str, *, is_async: bool) -> dict[Path, str]:
    """The files of *package* below *root*, with their texts; they may exist.

    Raises ConfigError without a package.
    """
    if package is None or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", package):
        raise ConfigError(
            "which package has the models? say --package app.models, or set package under "
            "[tool.migsafe.models] in pyproject.toml"
        )
    parts = package.split(".")
    found = {root.joinpath(*parts[:count], "__init__.py"): "" for count in range(1, len(parts) + 1)}
    folder = root.joinpath(*parts)
    found[folder / "__init__.py"] = f"from {package}.base import Base as Base\n"
    for name in ("base.py", "mixins.py", "session.py"):
        found[folder / name] = rendered(
            f"{name}.mako", is_sqlmodel=style == "sqlmodel", is_async=is_async
        )
    return found
