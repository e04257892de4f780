"""How settings are declared and read: a dataclass whose fields are made by `Field`.

Rule: whatever is wrong with a value is said in words of ours, never with the value: it may be a
secret. Settings are flat and of few types, so this is all that a library of models would do for
them; such a library was a tenth of the memory of each process.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, fields
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints


class SecretStr:
    """A text that is not shown, unless it is asked for by name."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._secret

    def __repr__(self) -> str:
        return "SecretStr('********')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._secret == other._secret

    def __hash__(self) -> int:
        return hash(self._secret)


def Field(  # noqa: N802 - the name under which libraries of models have it
    default: Any,
    *,
    description: str,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    check: Callable[[Any], None] | None = None,
) -> Any:
    """A setting: its default, what it is for, and its limits.

    `check` raises `ValueError` if a value will not do, and says why without the value.
    """
    limits = {"ge": ge, "gt": gt, "le": le, "min_length": min_length}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return field(
        default=default, metadata={"description": description, "limits": given, "check": check}
    )


def descriptions(model: type) -> dict[str, str]:
    """What each setting is for, by its name."""
    return {
        each.name: each.metadata["description"]
        for each in fields(model)
        if "description" in each.metadata
    }


def of_type(model: type, wanted: type) -> tuple[str, ...]:
    """The names of the settings of this type, or of none."""
    types = get_type_hints(model)
    return tuple(name for name in descriptions(model) if without_none(types[name]) is wanted)


def without_none(type_: Any) -> Any:
    """The type of a setting that may also be none; any other type as it is."""
    if get_origin(type_) is Literal:
        return type_
    return next((each for each in get_args(type_) if each is not NoneType), type_)


def read(model: type, said: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of all settings of which something is said, and what is wrong with the others.

    A text is read as the type of its setting; anything else is taken for a value of that type.
    """
    values, wrong = {}, {}
    types = get_type_hints(model)
    for each in fields(model):
        if not each.metadata or each.name not in said:
            continue
        value = said[each.name]
        try:
            if isinstance(value, str):
                value = _parsed(types[each.name], value)
            if value is not None:
                _require(value, **each.metadata)
        except ValueError as error:
            wrong[each.name] = str(error)
        else:
            values[each.name] = value
    return values, wrong


def _parsed(type_: Any, text: str) -> object:
    type_ = without_none(type_)
    if get_origin(type_) is Literal:
        if text not in get_args(type_):
            raise ValueError(f"expected one of {', '.join(get_args(type_))}")
        return text
    read_as, what = _READERS[type_]
    try:
        return read_as(text)
    except ValueError:
        raise ValueError(f"expected {what}") from None


_READERS: Final[dict[Any, tuple[Callable[[str], object], str]]] = {
    str: (str, "a text"),
    SecretStr: (SecretStr, "a text"),
    Path: (Path, "a path"),
    int: (int, "a whole number"),
    float: (float, "a number"),
}


def _require(
    value: Any, limits: Mapping[str, Any], check: Callable[[Any], None] | None, **_: object
) -> None:
    broken = list(_broken(value, **limits))
    if broken:
        raise ValueError(f"must be {' and '.join(broken)}")
    if check is not None:
        check(value)


def _broken(
    value: Any,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
) -> Iterator[str]:
    """The limits that this value does not keep; what is not a number keeps none."""
    if ge is not None and not value >= ge:
        yield f"at least {ge}"
    if gt is not None and not value > gt:
        yield f"above {gt}"
    if le is not None and not value <= le:
        yield f"at most {le}"
    if min_length is not None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if len(text) < min_length:
            yield f"of at least {min_length} characters"
