"""Values that are made by the thousand: frozen dataclasses, made in two thirds of the time.

Rule of this file: nothing but the time of a constructor differs. Its parameters, their defaults,
and that nobody can set a field afterwards, are as the dataclass has them.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import update_wrapper
from typing import Any, TypeVar

from schemas.coders import Text

T = TypeVar("T")


def quick(kind: type[T]) -> type[T]:
    """Have a frozen dataclass with slots set its fields through their slots.

    A frozen one sets each with `object.__setattr__`, which looks it up by name every time.

    Raises:
        TypeError: more than to set the fields is to be done, or one has no slot.
    """
    slow: Callable[..., None] = kind.__init__
    every: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]  # a dataclass, or it raises
    text = Text({})
    parameters = [_parameter(text, each) for each in every if not each.kw_only]
    named = [_parameter(text, each) for each in every if each.kw_only]
    lines = [f"    {text.table(_setter(kind, each))}(self, {each.name})" for each in every]
    head = ", ".join(["self", *parameters, *(["*"] if named else []), *named])
    made = text.compiled("__init__", [f"def __init__({head}):", *lines])
    type.__setattr__(kind, "__init__", update_wrapper(made, slow))
    return kind


def _parameter(text: Text, field: Field[Any]) -> str:
    if field.default is MISSING:
        return field.name
    return f"{field.name}={text.table(field.default)}"


def _setter(kind: type, field: Field[Any]) -> Callable[[object, object], None]:
    slot: Any = getattr(kind, field.name, None)
    simple = field.init and field.default_factory is MISSING and not hasattr(kind, "__post_init__")
    if not simple or not hasattr(slot, "__set__"):
        raise TypeError(f"{kind.__name__} cannot be made quickly, because of {field.name}")
    setter: Callable[[object, object], None] = slot.__set__
    return setter
