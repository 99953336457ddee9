"""What a rule is, what it may look at, and what it says."""

from __future__ import annotations

from migsafe.rule import code
from migsafe.rule.actions import Part, parts
from migsafe.rule.model import Context, Finding, Rule, Severity

__all__ = ["Context", "Finding", "Part", "Rule", "Severity", "code", "parts"]
