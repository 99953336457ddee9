"""What the comparison of two schemas, and the end of a transaction, add to a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migsafe.catalog.diff import Difference, describe
from migsafe.roundtrip.model import AGAIN, Result


def with_restored(result: Result, left: Sequence[Difference]) -> Result:
    """*result* of a downgrade, and what is *left* between the schema before and behind it."""
    is_benign = all(difference.benign for difference in left)
    return replace(
        result,
        down="ok",
        restored=("benign" if is_benign else "no") if left else "exact",
        differences=tuple(describe(d, restored=True) for d in left if not d.benign),
        benign=tuple(describe(d, restored=True) for d in left if d.benign),
    )


def with_second(result: Result, other: Sequence[Difference]) -> Result:
    """*result* of a second upgrade, and the *other* things that it makes than the first."""
    told = tuple(f"{AGAIN}{difference}" for difference in other if not difference.benign)
    return replace(result, reup="ok", differences=told)


def ended(step: str, flags: Sequence[bool]) -> tuple[str, ...]:
    """A note if one of *flags* says that *step* has ended Alembic's transaction."""
    if not any(flags):
        return ()
    return (f"the {step} ends Alembic's transaction: what it did before an error stays",)
