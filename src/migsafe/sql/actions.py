"""What ALTER TABLE and its relatives do: one class per action."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.parts import (
    NO_OPTIONS,
    ColumnDef,
    ConstraintDef,
    Expression,
    Identity,
    Option,
    SequenceOptions,
)
from migsafe.values import dataclass


class Action:
    """One of the comma-separated parts of an ALTER statement."""

    __slots__ = ()


@dataclass(frozen=True)
class AddColumn(Action):
    """ADD COLUMN, or ADD ATTRIBUTE of a composite type."""

    column: ColumnDef
    if_not_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class DropColumn(Action):
    """DROP COLUMN, or DROP ATTRIBUTE of a composite type."""

    column: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class AlterColumnType(Action):
    """ALTER COLUMN … TYPE, or ALTER ATTRIBUTE … TYPE of a composite type."""

    column: str
    type: TypeRef
    using: Expression | None = None
    collation: Name | None = None
    cascade: bool = False


@dataclass(frozen=True)
class SetDefault(Action):
    column: str
    default: Expression


@dataclass(frozen=True)
class DropDefault(Action):
    column: str


@dataclass(frozen=True)
class SetNotNull(Action):
    column: str


@dataclass(frozen=True)
class DropNotNull(Action):
    column: str


@dataclass(frozen=True)
class SetExpression(Action):
    """SET EXPRESSION of a generated column (PostgreSQL 17)."""

    column: str
    expression: Expression


@dataclass(frozen=True)
class DropExpression(Action):
    column: str
    if_exists: bool = False


@dataclass(frozen=True)
class AddIdentity(Action):
    column: str
    identity: Identity


@dataclass(frozen=True)
class SetIdentity(Action):
    """*always* is None when only options of the sequence change."""

    column: str
    always: bool | None = None
    sequence: SequenceOptions = NO_OPTIONS


@dataclass(frozen=True)
class DropIdentity(Action):
    column: str
    if_exists: bool = False


@dataclass(frozen=True)
class SetStatistics(Action):
    """*column* is the name, or the number of an index's column as text; -1 is the default."""

    column: str
    target: int


@dataclass(frozen=True)
class SetColumnOptions(Action):
    """SET (…) or, with *reset*, RESET (…) of a column."""

    column: str
    options: tuple[Option, ...]
    reset: bool = False


@dataclass(frozen=True)
class SetStorage(Action):
    column: str
    storage: str


@dataclass(frozen=True)
class SetCompression(Action):
    column: str
    method: str


@dataclass(frozen=True)
class AddConstraint(Action):
    constraint: ConstraintDef


@dataclass(frozen=True)
class AlterConstraint(Action):
    """None means: not said. *inherit* is PostgreSQL 18's INHERIT or NO INHERIT."""

    name: str
    deferrable: bool | None = None
    initially_deferred: bool | None = None
    enforced: bool | None = None
    inherit: bool | None = None


@dataclass(frozen=True)
class ValidateConstraint(Action):
    name: str


@dataclass(frozen=True)
class DropConstraint(Action):
    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class SetPersistence(Action):
    """SET LOGGED or SET UNLOGGED."""

    logged: bool


@dataclass(frozen=True)
class SetAccessMethod(Action):
    """*method* is None for DEFAULT."""

    method: str | None


@dataclass(frozen=True)
class SetTablespace(Action):
    tablespace: str


@dataclass(frozen=True)
class SetOptions(Action):
    options: tuple[Option, ...]


@dataclass(frozen=True)
class ResetOptions(Action):
    options: tuple[str, ...]


@dataclass(frozen=True)
class Inherit(Action):
    parent: Name


@dataclass(frozen=True)
class NoInherit(Action):
    parent: Name


@dataclass(frozen=True)
class AttachPartition(Action):
    """ATTACH PARTITION; *bound* is its text, ``DEFAULT`` or None for an index."""

    partition: Name
    bound: str | None = None

    @property
    def is_default(self) -> bool:
        return self.bound == "DEFAULT"


@dataclass(frozen=True)
class DetachPartition(Action):
    partition: Name
    concurrently: bool = False
    finalize: bool = False


@dataclass(frozen=True)
class SetTrigger(Action):
    """*name* is None for ALL and, with *user*, USER; *state* is ENABLE, DISABLE, ENABLE ALWAYS or
    ENABLE REPLICA."""

    name: str | None
    state: str
    user: bool = False


@dataclass(frozen=True)
class SetRule(Action):
    """Enable or disable a rule; *state* as for triggers."""

    name: str
    state: str


@dataclass(frozen=True)
class RowSecurity(Action):
    """*state* is one of ENABLE, DISABLE, FORCE, NO FORCE."""

    state: str


@dataclass(frozen=True)
class ReplicaIdentity(Action):
    """*kind* is one of DEFAULT, FULL, NOTHING, INDEX."""

    kind: str
    index: str | None = None


@dataclass(frozen=True)
class ClusterOn(Action):
    index: str


@dataclass(frozen=True)
class SetWithoutCluster(Action): ...


@dataclass(frozen=True)
class SetWithoutOids(Action): ...


@dataclass(frozen=True)
class OwnerTo(Action):
    role: str


@dataclass(frozen=True)
class OfType(Action):
    type: Name


@dataclass(frozen=True)
class NotOf(Action): ...


@dataclass(frozen=True)
class ForeignOptions(Action):
    """OPTIONS (…) of a foreign table, or of one of its columns."""

    options: tuple[Option, ...]
    column: str | None = None


@dataclass(frozen=True)
class OtherAction(Action):
    """An action that has no class of its own; *name* is PostgreSQL's AT_… name for it."""

    name: str
