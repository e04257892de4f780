"""Is a value that is made quickly the same as one that is not?"""

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature

import pytest

from schemas.values import quick


@dataclass(frozen=True, slots=True)
class Slow:
    first: int
    second: str = "two"
    third: tuple[int, ...] = field(default=(3,), kw_only=True)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    first: int
    second: str = "two"
    third: tuple[int, ...] = field(default=(3,), kw_only=True)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Longer(Quick):
    fourth: int


def test_it_takes_what_the_dataclass_takes_and_has_the_same_defaults() -> None:
    assert signature(Quick) == signature(Slow)
    for value in (Quick(1), Quick(1, "b"), Quick(second="b", first=1, third=())):
        said = {each.name: getattr(value, each.name) for each in fields(value)}
        assert repr(value) == repr(Slow(**said)).replace("Slow", "Quick")


def test_it_is_a_value() -> None:
    value = Quick(1, "b")

    assert value == Quick(1, "b")
    assert hash(value) == hash(Quick(1, "b"))
    assert replace(value, second="c") == Quick(1, "c")
    with pytest.raises(FrozenInstanceError):
        value.first = 2  # type: ignore[misc]


def test_one_that_inherits_sets_all_its_fields() -> None:
    value = Longer(1, third=(), fourth=4)

    assert (value.first, value.second, value.third, value.fourth) == (1, "two", (), 4)


@pytest.mark.parametrize("said", [{}, {"first": 1, "fifth": 5}])
def test_what_the_dataclass_refuses_is_refused(said: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"Quick\.__init__\(\)"):
        Quick(**said)  # type: ignore[arg-type]


@dataclass(frozen=True)
class WithoutSlots:
    first: int


@dataclass(frozen=True, slots=True)
class Making:
    first: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NotAsked:
    first: int = field(default=1, init=False)


@dataclass(frozen=True, slots=True)
class Afterwards:
    first: int

    def __post_init__(self) -> None:
        """Do more than to set the fields."""


@pytest.mark.parametrize("kind", [WithoutSlots, Making, NotAsked, Afterwards])
def test_a_class_that_does_more_than_to_set_its_slots_is_refused(kind: type) -> None:
    with pytest.raises(TypeError, match="cannot be made quickly, because of first"):
        quick(kind)
