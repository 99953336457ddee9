"""Prove on a throwaway PostgreSQL what models promise: each constraint, index and relationship."""

from __future__ import annotations

from migsafe.models.verify.proof import Proof, Verdict, Verification
from migsafe.models.verify.run import verify

__all__ = ["Proof", "Verdict", "Verification", "verify"]
