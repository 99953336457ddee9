"""The design rules: one file each, found by looking into this folder."""

from __future__ import annotations

import sys
import textwrap
import types
from functools import lru_cache

from migsafe.models.rule import Design, DesignRule
from migsafe.models.wanted import wanted_catalog
from migsafe.rule.described import found_in

# What every example can rely on.
EXAMPLE_HEAD = """
import enum
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, MetaData, UniqueConstraint, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(320), unique=True)

"""


def example_design(example: str) -> Design:
    """The design that an example stands for: its Base, after `EXAMPLE_HEAD`."""
    module = types.ModuleType("migsafe_example")
    sys.modules[module.__name__] = module  # where SQLAlchemy looks up what annotations mean
    try:
        source = EXAMPLE_HEAD + textwrap.dedent(example)
        exec(compile(source, module.__name__, "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[module.__name__]
    metadata = vars(module)["Base"].metadata
    return Design(wanted_catalog(metadata), metadata)


@lru_cache
def load_design_rules(package: str = "migsafe.models.rules") -> tuple[DesignRule, ...]:
    """One instance of each rule in *package*, in the order of their codes.

    Raises TypeError when two rules share a code, or a file and its class differ in name.
    """
    return found_in((package,), DesignRule)
