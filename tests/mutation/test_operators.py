"""Which small changes are tried?"""

import ast
from pathlib import Path

import pytest

from tests.mutation.mutants import RULES, all_symbols, mutants_of
from tests.mutation.operators import changes


def changed(source: str) -> set[str]:
    """What could stand in the place of this expression or statement."""
    (node,) = ast.parse(source).body
    inner = node.value if isinstance(node, ast.Expr) else node
    return {ast.unparse(other) for _, other in changes(inner, all_symbols())}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"a <= b", "a > b"}),
        ("0 < r < p", {"0 <= r < p", "0 > r < p", "0 < r <= p", "0 < r > p"}),
        ("a and b", {"a or b", "a", "b"}),
        ("not a", {"a"}),
        ("a - b", {"a + b"}),
        ("a if b else c", {"a", "c"}),
        ("2", {"1", "3"}),
        ("True", {"False"}),
        ("'of {a} to {b}.'", {"'XXof {a} to {b}.XX'", "'of  to {b}.'", "'of {a} to .'"}),
        ("Outcome.APPLIED", {"Outcome.IGNORED"}),
        ("dispute.buyer_id", {"dispute.seller_id"}),
        ("(a, b)", {"(a,)", "(b,)", "(b, a)"}),
        ("{a: 1, b: 2}", {"{a: 1}", "{b: 2}"}),
        ("block(close(x))", {"close(x)"}),
        ("f(a, when=b)", {"f(a)", "a"}),
        ("f(x=a, y=b)", {"f(x=a)", "f(y=b)", "f(x=b, y=a)"}),
    ],
)
def test_a_node_is_changed_in_every_way_that_a_person_could_mistake_it(
    source: str, expected: set[str]
) -> None:
    assert changed(source) == expected


def test_a_condition_is_once_always_and_once_never_true() -> None:
    assert changed("if a:\n    b") == {"if True:\n    b", "if False:\n    b"}


def test_docstrings_annotations_and_declarations_of_classes_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""Words."""\n@dataclass(frozen=True)\nclass A(Base["x"], total=False):\n'
        '    """Words."""\n    order_id: "int" = 1\n'
    )

    assert sorted(mutant.now for mutant in mutants_of(path)) == ["0", "2"]


def test_the_data_of_the_rules_is_changed_and_not_only_their_functions() -> None:
    mutants = list(mutants_of(RULES / "table.py"))

    assert any(m.was == "Reason.VERDICT_FINAL" for m in mutants)
    assert any(m.was.startswith("deferred(Waiting.HANDOVER") for m in mutants)
    assert len({m.code for m in mutants}) == len(mutants)
