"""Catalog × Statement → Catalog: what a statement makes of a schema, without a database."""

from __future__ import annotations

from migsafe.fold.once import fold as fold
from migsafe.fold.statement import fold_all as fold_all
