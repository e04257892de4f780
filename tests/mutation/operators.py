"""The small changes: what each node of the syntax tree of the rules could wrongly be instead.

Rule: a change is one that a person could make by mistake and that still runs. Annotations,
docstrings and what a class is declared with are left alone.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

Symbols = Mapping[str, Sequence[str]]
"""The members of each enum, by its name."""
N = TypeVar("N", bound=ast.AST)

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
}
_TAKEN_FOR = {
    "buyer_id": "seller_id",
    "seller_id": "buyer_id",
    "captured_minor": "fees_minor",
    "fees_minor": "commission_minor",
    "commission_minor": "price_minor",
    "price_minor": "captured_minor",
    "refund_minor": "payout_minor",
    "payout_minor": "platform_minor",
    "platform_minor": "refund_minor",
    "order_id": "dispute_id",
    "dispute_id": "order_id",
    "mediator_id": "buyer_id",
    "outcome": "reason",
    "before": "now",
    "now": "before",
    "any": "all",
    "all": "any",
}


def changes(node: ast.AST, symbols: Symbols) -> Iterator[tuple[str, ast.AST]]:
    """What could stand in the place of this node, each with a word for the change."""
    if isinstance(node, ast.Attribute):
        yield from _attributes(node, symbols)
    elif type(node) in _OPERATORS:
        yield from _OPERATORS[type(node)](node)


def _attributes(node: ast.Attribute, symbols: Symbols) -> Iterator[tuple[str, ast.AST]]:
    members = symbols.get(node.value.id, ()) if isinstance(node.value, ast.Name) else ()
    if node.attr in members:
        other = members[(members.index(node.attr) + 1) % len(members)]
        yield f"{other} instead", _with(node, attr=other)
    elif node.attr in _TAKEN_FOR:
        yield f"{_TAKEN_FOR[node.attr]} instead", _with(node, attr=_TAKEN_FOR[node.attr])


def _names(node: ast.Name) -> Iterator[tuple[str, ast.AST]]:
    if node.id in _TAKEN_FOR and isinstance(node.ctx, ast.Load):
        yield f"{_TAKEN_FOR[node.id]} instead", _with(node, id=_TAKEN_FOR[node.id])


def _joined(node: ast.BoolOp) -> Iterator[tuple[str, ast.AST]]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and ↔ or", _with(node, op=other)
    for value in node.values:
        yield "one side alone", value


def _negated(node: ast.UnaryOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Not):
        yield "without not", node.operand


def _calculated(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    if type(node.op) in _CALCULATED:
        yield "other operator", _with(node, op=_CALCULATED[type(node.op)]())


def _chosen(node: ast.IfExp) -> Iterator[tuple[str, ast.AST]]:
    yield "always", node.body
    yield "never", node.orelse


def _sequences(node: ast.Tuple | ast.List) -> Iterator[tuple[str, ast.AST]]:
    yield from _without_one(node, "elts")
    yield from _swapped(node, "elts")


def _compared(node: ast.Compare) -> Iterator[tuple[str, ast.AST]]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield f"{type(operator).__name__} → {other.__name__}", _with(node, ops=ops)


def _conditions(node: ast.If) -> Iterator[tuple[str, ast.AST]]:
    yield "always", _with(node, test=ast.Constant(True))
    yield "never", _with(node, test=ast.Constant(False))


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    match node.value:
        case bool(value):
            yield f"{not value}", ast.Constant(not value)
        case int(value):
            yield "one more", ast.Constant(value + 1)
            yield "one less", ast.Constant(value - 1)
        case str(value):
            yield "another text", ast.Constant(f"XX{value}XX")
            parts = value.split("{")
            for place in range(1, len(parts)):
                rest = parts[place].partition("}")[2]
                cut = [*parts[: place - 1], parts[place - 1] + rest, *parts[place + 1 :]]
                yield "one field less", ast.Constant("{".join(cut))


def _called(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    yield from _without_one(node, "keywords")
    yield from _swapped(node, "args")
    for one, two in pairwise(range(len(node.keywords))):
        keywords = [*map(copy, node.keywords)]
        keywords[one].value, keywords[two].value = keywords[two].value, keywords[one].value
        yield f"keywords {one + 1} and {two + 1} swapped", _with(node, keywords=keywords)
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield "its argument alone", node.args[0]


def _without_one(node: N, name: str) -> Iterator[tuple[str, N]]:
    parts = getattr(node, name)
    for place in range(len(parts)):
        yield f"without {place + 1}", _with(node, **{name: [*parts[:place], *parts[place + 1 :]]})


def _without_an_entry(node: ast.Dict) -> Iterator[tuple[str, ast.AST]]:
    for place in range(len(node.keys)):
        keys = [*node.keys[:place], *node.keys[place + 1 :]]
        values = [*node.values[:place], *node.values[place + 1 :]]
        yield f"without entry {place + 1}", _with(node, keys=keys, values=values)


def _swapped(node: N, name: str) -> Iterator[tuple[str, N]]:
    parts = getattr(node, name)
    for place in range(len(parts) - 1):
        first, second = parts[place : place + 2]
        swapped = [*parts[:place], second, first, *parts[place + 2 :]]
        yield f"{place + 1} and {place + 2} swapped", _with(node, **{name: swapped})


def _with(node: N, **fields: object) -> N:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


_OPERATORS: dict[type[ast.AST], Callable[[Any], Iterator[tuple[str, ast.AST]]]] = {
    ast.Name: _names,
    ast.Compare: _compared,
    ast.BoolOp: _joined,
    ast.UnaryOp: _negated,
    ast.BinOp: _calculated,
    ast.IfExp: _chosen,
    ast.If: _conditions,
    ast.Constant: _constants,
    ast.Tuple: _sequences,
    ast.List: _sequences,
    ast.Dict: _without_an_entry,
    ast.Call: _called,
    ast.Set: partial(_without_one, name="elts"),
    ast.JoinedStr: partial(_without_one, name="values"),
    ast.comprehension: partial(_without_one, name="ifs"),
}
