"""Does docs/figures.md say of every metric and invariant what it means?"""

import re

import pytest

from services import domain_metrics
from services.audit import Invariant
from services.domain_metrics import Declared
from tests.architecture.documents import section, text_of

PAGE = text_of("docs/figures.md")
DECLARED = [each for each in vars(domain_metrics).values() if isinstance(each, Declared)]


@pytest.mark.parametrize("declared", DECLARED, ids=lambda each: each.name)
def test_every_metric_of_the_domain_is_described_with_its_labels(declared: Declared) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{declared.name}` |")]
    labels = row.split(" | ")[2]

    assert set(re.findall(r"`(\w+)`", labels)) == set(declared.labels)


def test_every_metric_in_the_table_is_declared() -> None:
    table = section(PAGE, "## What the database knows")

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [each.name for each in DECLARED]


def test_every_invariant_is_described() -> None:
    table = section(PAGE, "## The auditor")

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(Invariant)
