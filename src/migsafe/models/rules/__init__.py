"""The design rules: one file each, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import textwrap
import types
from functools import lru_cache

from migsafe.models.rule import Design, DesignRule
from migsafe.models.wanted import wanted_catalog

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
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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
        exec(EXAMPLE_HEAD + textwrap.dedent(example), vars(module))
    finally:
        del sys.modules[module.__name__]
    metadata = vars(module)["Base"].metadata
    return Design(wanted_catalog(metadata), metadata)


@lru_cache
def load_design_rules(package: str = "migsafe.models.rules") -> tuple[DesignRule, ...]:
    """One instance of each rule in *package*, in the order of their codes.

    Raises TypeError when two rules share a code, or a file and its class differ in name.
    """
    module = importlib.import_module(package)
    found: dict[str, DesignRule] = {}
    for info in pkgutil.iter_modules(module.__path__, f"{package}."):
        rule = _rule_of(importlib.import_module(info.name))
        if rule.code in found:
            raise TypeError(f"{rule.code} is taken by {type(found[rule.code]).__name__}")
        found[rule.code] = rule
    return tuple(found[code] for code in sorted(found))


def _rule_of(module: object) -> DesignRule:
    name = str(getattr(module, "__name__", ""))
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, DesignRule) and value.__module__ == name
    ]
    if len(classes) != 1:
        raise TypeError(f"{name} holds {len(classes)} rules; one file is one rule")
    if classes[0].rule_name() != name.rpartition(".")[2].replace("_", "-"):
        raise TypeError(f"{name} holds {classes[0].__name__}; file and class have one spelling")
    return classes[0]()
