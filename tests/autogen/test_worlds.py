"""Any change of any small world of tables passes the checks of the harness.

`MIGSAFE_EXAMPLES=3000 pytest tests/autogen/test_worlds.py` looks further than CI does.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from autogen.harness import Case, prove
from autogen.worlds import (
    SETTINGS,
    WORLDS,
    Making,
    Setting,
    World,
    dressing,
    objects_of,
    rows_of,
)
from migsafe.server import Server


def case(old: World, new: World, setting: Setting, major: int) -> Case:
    """The change from *old* to *new*."""
    before, after = Making(old, new, setting, major), Making(new, old, setting, major)
    return Case(
        before,
        after,
        setup=('create schema "App s"',),
        a_objects=tuple(dressing(before())),
        b_objects=tuple(dressing(after())),
        objects=objects_of(old, new, setting),
        rows=rows_of(old, new, setting),
        options={"include_schemas": True},
        lacks=("CASCADE;", "%%"),
    )


@settings(
    max_examples=int(os.environ.get("MIGSAFE_EXAMPLES", "40")),
    deadline=None,
    derandomize="MIGSAFE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    phases=(Phase.explicit, Phase.generate),  # Each try takes a second; the worlds are small.
    report_multiple_bugs=False,
)
@given(WORLDS, WORLDS, SETTINGS)
def test_any_world_becomes_any_other(
    server: Server, old: World, new: World, setting: Setting
) -> None:
    """All of it is the wanted one, both ways, rows too."""
    with tempfile.TemporaryDirectory() as folder:
        prove(case(old, new, setting, server.major), server, Path(folder))
