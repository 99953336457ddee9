"""Our frozen dataclasses against Python's own."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from functools import cached_property

import pytest

from migsafe.values import dataclass, kept, kept_of, replace


@dataclass(frozen=True)
class Point:
    """Ours."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default=(), compare=False)
    more: dict[str, int] = field(default_factory=dict, repr=False)

    @cached_property
    def doubled(self) -> int:
        return self.x * 2

    @kept
    def own(self) -> list[int]:
        return [self.x]

    @kept_of("x")
    def of_x(self) -> list[int]:
        return [self.x]


@dataclass(frozen=True)
class Flag:
    name: str


@dataclasses.dataclass(frozen=True)
class Original:
    """Python's."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default=(), compare=False)
    more: dict[str, int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Named(Point):
    label: str


def test_they_are_made_shown_and_compared_like_pythons_own():
    for arguments, keywords in [((1,), {}), ((1, 2), {"tags": ("a",)}), ((3,), {"more": {"k": 1}})]:
        ours, theirs = Point(*arguments, **keywords), Original(*arguments, **keywords)
        assert repr(ours) == repr(theirs).replace("Original", "Point")
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert Point(1, tags=("a",)) == Point(1) != Point(1, 2)
    assert Point(1) != Original(1)
    assert Point(1).more is not Point(1).more
    assert len({Flag("a"), Flag("a"), Flag("b")}) == 2
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_they_cannot_be_changed():
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.y
    with pytest.raises(FrozenInstanceError):
        point.other = 2  # type: ignore[attr-defined]


def test_a_copy_has_the_fields_and_nothing_that_was_worked_out_from_them():
    point = Point(1, 5)
    assert point.doubled == 2
    copy = replace(point, x=4)
    assert (copy, copy.doubled, point.x) == (Point(4, 5), 8, 1)
    with pytest.raises(TypeError):
        replace(point, z=1)  # type: ignore[call-arg]


def test_what_depends_on_some_fields_is_true_of_copies_that_share_them():
    point = Point(1)
    assert point.own is point.own == [1]
    assert point.of_x is replace(point, y=2).of_x == [1]
    assert replace(point, x=3, y=2).of_x == replace(point, x=3).own == [3]
    assert point.own is not replace(point, y=2).own
    assert replace(Named(1, label="a"), label="b").of_x == [1]


def test_fields_are_inherited_and_keywords_stay_keywords():
    named = Named(1, label="a")
    assert repr(named) == "Named(x=1, y=0, tags=(), label='a')"
    assert replace(named, y=2) == Named(1, 2, label="a") != named


def test_they_can_be_kept():
    point = Point(1, more={"k": 2})
    bare = pickle.dumps(point)
    assert (point.doubled, point.own, point.of_x) == (2, [1], [1])
    assert pickle.dumps(point) == bare
    assert pickle.loads(bare) == point
