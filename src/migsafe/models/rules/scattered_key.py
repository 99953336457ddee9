"""MS834: keys that come in no order."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Column
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.pgtypes import TypeRef
from migsafe.rule import Severity

_RANDOM = ("gen_random_uuid()", "uuid_generate_v4()", "uuidv4()")


class ScatteredKey(DesignRule):
    """The primary key is a random UUID.

    Each new row goes to another page of the index: a large one does not fit into memory, its pages
    are half empty, and every checkpoint writes many of them in full. UUIDs of version 7 begin with
    the time, so that new keys stand side by side: PostgreSQL 18 makes them by `uuidv7()`, Python
    3.14 by `uuid.uuid7()`. They tell when a row was made to whoever sees one.
    """

    code = "MS834"
    severity = Severity.INFO
    profile = Profile.AUDIT
    safe_way = 'server_default=text("uuidv7()") on PostgreSQL 18; default=uuid.uuid7 elsewhere'
    bad = (
        """
        class Event(Base):
            __tablename__ = "events"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
        """,
        """
        class Event(Base):
            __tablename__ = "events"

            id: Mapped[uuid.UUID] = mapped_column(
                primary_key=True, server_default=func.gen_random_uuid()
            )
        """,
    )
    good = (
        """
        class Event(Base):
            __tablename__ = "events"

            id: Mapped[uuid.UUID] = mapped_column(
                primary_key=True, server_default=text("uuidv7()")
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            primary = table.primary_key
            for column in table.columns if primary is not None else ():
                is_key = primary is not None and primary.columns == (column.name,)
                declared = design.declared_column(table.name, column.name)
                if (
                    is_key
                    and column.type == TypeRef.builtin("uuid")
                    and _is_random(column, declared)
                ):
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} is a random UUID: new keys are "
                        "scattered over the whole index",
                        column=column.name,
                    )


def _is_random(column: Column, declared: Any) -> bool:
    default = getattr(declared, "default", None)
    called = getattr(default, "arg", None) if getattr(default, "is_callable", False) else None
    by_server = (column.default or "").endswith(_RANDOM)
    return by_server or getattr(called, "__wrapped__", called) is uuid.uuid4
