"""MS825: a clock that does not say where it hangs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from migsafe.models.mapping import attributes_of
from migsafe.models.rule import Design, DesignRule, Remark

_AWARE = frozenset(
    {"UTC", "utc", "timezone", "tz", "tzutc", "ZoneInfo", "astimezone", "get_localzone"}
)


class NaiveClock(DesignRule):
    """A default takes the time from a clock without a time zone.

    `datetime.utcnow()` gives a value that says nothing of UTC: the driver sends it without a zone,
    and PostgreSQL takes it for the time in the zone of the session. `datetime.now()` is the wall
    clock of whichever server runs it. Python has deprecated `utcnow` since 3.12.
    """

    code = "MS825"
    safe_way = "server_default=func.now(), or default=lambda: datetime.now(timezone.utc)"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            placed_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), default=datetime.utcnow
            )
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            changed_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), onupdate=lambda: datetime.now()
            )
        """,
    )
    good = (
        """
        from datetime import timezone
        from zoneinfo import ZoneInfo

        def now(zone: str) -> datetime:
            return datetime.now(ZoneInfo(zone))

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            placed_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), default=lambda: datetime.now(timezone.utc)
            )
            packed_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), default=lambda: now("UTC")
            )
            sent_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), server_default=func.now()
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for attribute in attributes_of(design):
            given = [_function(attribute.declared.default), _function(attribute.declared.onupdate)]
            given.append(getattr(attribute.field, "default_factory", None))
            clocks = [clock for clock in map(_clock, given) if clock is not None]
            if clocks:
                yield Remark(
                    attribute.table,
                    f"{attribute.table.display()}.{attribute.column.name} takes the time from "
                    f"{clocks[0]}, which does not say its zone",
                    column=attribute.column.name,
                )


def _function(default: Any) -> Any:
    """What SQLAlchemy calls for a default, as it was given."""
    called = getattr(default, "arg", None) if getattr(default, "is_callable", False) else None
    return getattr(called, "__wrapped__", called)


def _clock(function: Callable[..., Any] | None) -> str | None:
    """``datetime.utcnow()`` when *function* is or calls a clock that knows no zone."""
    name = getattr(function, "__name__", "")
    if getattr(function, "__self__", None) is datetime and name in ("utcnow", "now", "today"):
        return f"datetime.{name}()"
    code = getattr(function, "__code__", None)
    used = set(getattr(code, "co_names", ()))
    if "utcnow" in used and not used & (_AWARE - {"utc"}) and "replace" not in used:
        return "datetime.utcnow()"
    # The call alone, without an argument: whatever else a function uses may give it a zone.
    given = getattr(code, "co_argcount", 0) or getattr(code, "co_freevars", ())
    given = given or set(getattr(code, "co_consts", ())) - {
        None,
        getattr(function, "__doc__", None),
    }
    if {"datetime", "now"} <= used <= {"datetime", "now", "dt"} and not given:
        return "datetime.now()"
    return None
