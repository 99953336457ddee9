"""Design tools: is the schema that the models promise a good one, and what does it look like?"""

from __future__ import annotations

from migsafe.models.findings import DesignFinding, Review
from migsafe.models.lint import lint
from migsafe.models.live import live_catalog
from migsafe.models.loading import load_metadata
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.wanted import wanted_catalog

__all__ = [
    "Design",
    "DesignFinding",
    "DesignRule",
    "Profile",
    "Remark",
    "Review",
    "lint",
    "live_catalog",
    "load_metadata",
    "wanted_catalog",
]
