"""`migsafe.online`: a script's operations on tables in use are written so that nobody waits long.

Each direction of a script becomes up to three stretches: new types and labels with the concurrent
drops of indexes, one transaction with all that is quick, and the slow steps. The first and the last
run in autocommit blocks, each step committed by itself. What comes before a block is committed
before the revision counts as done, so every step can be run again: a retry starts from the top.
What has to wait until other code is deployed, or data, goes into revisions of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import CommandError

from migsafe.autogen.chain import Choice, chained, choice
from migsafe.autogen.contracting import contracted, joined
from migsafe.autogen.following import following, required
from migsafe.autogen.found import Found, found, notice
from migsafe.autogen.leaving import flat
from migsafe.autogen.online_plan import rewritten
from migsafe.autogen.operations import StepsOps
from migsafe.autogen.rendering import in_foreign_transaction
from migsafe.config import Settings, load_settings
from migsafe.errors import ConfigError
from migsafe.values import replace

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

Hook = Callable[[Any, Any, list[ops.MigrationScript]], None]
_HOOK = "process_revision_directives"
_TIMEOUT = "5s"


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Rewrite the scripts of this run, after env.py's own `process_revision_directives`.

    `[tool.migsafe.autogenerate] online = false` in pyproject.toml leaves them as they are.
    """
    if in_foreign_transaction(context):
        notice("env.py begins the transaction itself, so the script has no steps outside of one")
        return
    settings = _settings(context)
    if not settings.autogenerate.online:
        return
    limited = _waits_briefly(context)
    if limited:
        settings = replace(settings, autogenerate=replace(settings.autogenerate, lock_timeout=None))
    state = found(context)
    before: Hook | None = context.opts.get(_HOOK)

    def hook(migration_context: Any, revision: Any, scripts: list[ops.MigrationScript]) -> None:
        if before is not None:
            before(migration_context, revision, scripts)
        run = Run(context, state, settings, limited)
        scripts[:] = [part for script in scripts for part in _parts(script, run)]

    context.opts[_HOOK] = hook


def _waits_briefly(context: AutogenContext) -> bool:
    """Whether the session has a lock_timeout: from env.py, or from its role or database."""
    assert context.connection is not None
    return context.connection.exec_driver_sql("SHOW lock_timeout").scalar() != "0"


def _settings(context: AutogenContext) -> Settings:
    config = context.migration_context.config
    file = config.config_file_name if config is not None else None
    folder = Path(file).parent if file is not None else Path.cwd()
    try:
        return load_settings(folder)
    except ConfigError as error:
        raise CommandError(str(error)) from error


@dataclass(frozen=True)
class Run:
    """What holds for all scripts; *limited* says that the session has a lock_timeout."""

    context: AutogenContext
    state: Found
    settings: Settings
    limited: bool

    @property
    def timeout(self) -> str | None:
        """How long what cannot be avoided may wait for a lock; None where the session says so."""
        return None if self.limited else self.settings.autogenerate.lock_timeout or _TIMEOUT


def _parts(script: ops.MigrationScript, run: Run) -> Iterator[ops.MigrationScript]:
    """Yield *script*, rewritten, and what has to follow it in revisions of their own."""
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    own, state, major = run.settings.autogenerate, run.state, run.settings.target_version
    if not own.online or _is_rewritten(upgrade, downgrade):
        yield script
        return
    asked = list(flat(upgrade.ops))
    # What several databases share cannot be taken apart for one of them.
    splits = own.split and len(script.upgrade_ops_list) == 1
    chosen = choice(run.context, state, upgrade.ops, run.settings) if splits else Choice()
    first, parts = chained(
        state, chosen, script, timeout=run.timeout, lock_timeout=own.lock_timeout
    )
    waiting: list[ops.AddColumnOp] | None = [] if splits else None
    form = functools.partial(rewritten, state, major=major, lock_timeout=own.lock_timeout)
    # A table is locked before its sequence, as an INSERT does it: else the two can deadlock.
    up, down = [*first, *upgrade.ops], [*(op.reverse() for op in first[::-1]), *downgrade.ops]
    upgrade.ops[:] = form(up, waiting=waiting, reasons=chosen.reasons)
    downgrade.ops[:] = form(down)
    if waiting:
        parts.append(required(waiting, state, major=major))
    if parts:
        last = contracted(state, script, asked, major=major, lock_timeout=own.lock_timeout)
        parts = joined(parts, last) if last is not None else parts
    yield script
    yield from following(script, parts, asked)


def _is_rewritten(*containers: ops.OpContainer) -> bool:
    return any(isinstance(op, StepsOps) for each in containers for op in each.ops)
