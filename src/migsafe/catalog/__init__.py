"""The schema of a database as frozen values, with the look-ups that judging needs.

A Catalog comes from a server (`migsafe.introspect`) or from folding statements over another one
(`migsafe.fold`); both must give equal values. Physical things (oids, gaps of dropped columns,
statistics) have no place here. Expressions are texts as PostgreSQL prints them.
"""

from __future__ import annotations

from migsafe.catalog.attached import (
    Constraint,
    ConstraintKind,
    Index,
    IndexKey,
    Policy,
    Rule,
    Trigger,
)
from migsafe.catalog.objects import (
    Collation,
    Composite,
    Domain,
    DomainConstraint,
    Enum,
    Extension,
    Function,
    Other,
    Publication,
    PublicationTable,
    Range,
    Schema,
    Sequence,
    Statistics,
    Type,
    View,
)
from migsafe.catalog.schema import Catalog
from migsafe.catalog.table import Column, Generated, Identity, Rows, Table, TableKind

__all__ = [
    "Catalog",
    "Collation",
    "Column",
    "Composite",
    "Constraint",
    "ConstraintKind",
    "Domain",
    "DomainConstraint",
    "Enum",
    "Extension",
    "Function",
    "Generated",
    "Identity",
    "Index",
    "IndexKey",
    "Other",
    "Policy",
    "Publication",
    "PublicationTable",
    "Range",
    "Rows",
    "Rule",
    "Schema",
    "Sequence",
    "Statistics",
    "Table",
    "TableKind",
    "Trigger",
    "Type",
    "View",
]
