"""Can every file and every function be taken in at a glance?"""

from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, functions, lines_of, python_files, relative

LONGEST_FILE = 300  # lines, exclusive
LONGEST_FUNCTION = 40
LONGEST_CONSUMER = 40
CONSUMERS = ("order_disputed.py", "mediator_assigned.py", "verdict_issued.py")


def test_no_file_is_too_long() -> None:
    too_long = {relative(path): lines_of(path) for path in python_files()}

    assert {name: lines for name, lines in too_long.items() if lines >= LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{relative(path)}:{function.lineno} {function.name}": function.end_lineno
        - function.lineno
        + 1
        for path in python_files()
        for function in functions(path)
        if function.end_lineno is not None
    }

    assert {name: lines for name, lines in lengths.items() if lines >= LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("name", CONSUMERS)
def test_a_consumer_is_three_facts(name: str) -> None:
    path = ROOT / "consumers" / name

    assert lines_of(path) < LONGEST_CONSUMER
    assert list(functions(path)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_ships_its_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_every_file_says_which_rule_it_keeps() -> None:
    silent = [relative(path) for path in python_files() if not _starts_with_a_docstring(path)]

    assert silent == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    vague = [relative(path) for path in python_files() if path.stem in empty_words]

    assert vague == []


def _starts_with_a_docstring(path: Path) -> bool:
    words = path.read_text(encoding="utf-8").lstrip()
    return not words or words.startswith(('"""', 'r"""'))
