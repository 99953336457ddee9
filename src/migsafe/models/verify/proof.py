"""What `migsafe models verify` finds: proofs, and what could not be proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from migsafe.names import Name


class Verdict(Enum):
    """How a trial ended; `WRONG` and `WEAK` are findings."""

    PROVED = "proved"
    WRONG = "wrong"  # the database, or the mapping, does not do what the models say
    WEAK = "weak"  # it does, but less than one would think
    UNTRIED = "untried"


@dataclass(frozen=True)
class Proof:
    """What was tried of *table*: *subject* is the constraint, index or relationship.

    *kind* is one of `KINDS`; *told* says what happened.
    """

    kind: str
    table: Name | None
    subject: str
    verdict: Verdict
    told: str

    @property
    def is_finding(self) -> bool:
        """Whether somebody should look at it."""
        return self.verdict in (Verdict.WRONG, Verdict.WEAK)


KINDS = (
    *("not-null", "length", "digits", "enum", "check", "unique", "exclusion", "foreign-key"),
    *("relationship", "index", "validation", "migrations"),
)


@dataclass(frozen=True)
class Verification:
    """All proofs; *empty* tables could not be filled, and why."""

    proofs: tuple[Proof, ...]
    tables: int
    major: int
    empty: Mapping[Name, str]

    @property
    def findings(self) -> tuple[Proof, ...]:
        """Those that somebody should look at."""
        return tuple(proof for proof in self.proofs if proof.is_finding)

    def count(self) -> Counter[Verdict]:
        """How many there are of each verdict."""
        return Counter(proof.verdict for proof in self.proofs)
