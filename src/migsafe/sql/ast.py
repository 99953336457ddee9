"""All statements, actions and parts under one roof, for ``from migsafe.sql.ast import …``."""

from __future__ import annotations

from migsafe.sql.actions import *  # noqa: F403
from migsafe.sql.commands import *  # noqa: F403
from migsafe.sql.objects import *  # noqa: F403
from migsafe.sql.parts import *  # noqa: F403
from migsafe.sql.relations import *  # noqa: F403
from migsafe.sql.rows import *  # noqa: F403
from migsafe.sql.scopes import *  # noqa: F403
from migsafe.sql.typedefs import *  # noqa: F403
