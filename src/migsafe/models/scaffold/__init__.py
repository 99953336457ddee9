"""A new model from a line of text: model, schemas, repository, migration and test."""

from __future__ import annotations

from migsafe.models.scaffold.draft import Draft, draft
from migsafe.models.scaffold.grammar import parse_fields
from migsafe.models.scaffold.request import Request
from migsafe.models.scaffold.writing import write

__all__ = ["Draft", "Request", "draft", "parse_fields", "write"]
