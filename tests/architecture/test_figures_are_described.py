"""Do docs/figures.md and docs/metrics.md say of every metric and invariant what it means?"""

import re

import pytest

from services.audit import Invariant
from services.declared import OF_A_PROCESS, OF_THE_DOMAIN, Declared
from tests.architecture.documents import section, text_of

PAGE = text_of("docs/figures.md")


@pytest.mark.parametrize("declared", OF_THE_DOMAIN, ids=lambda each: each.name)
def test_every_metric_of_the_domain_is_described_with_its_labels(declared: Declared) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{declared.name}` |")]
    labels = row.split(" | ")[2]

    assert set(re.findall(r"`(\w+)`", labels)) == set(declared.labels)


def test_every_metric_in_the_table_is_declared() -> None:
    table = section(PAGE, "## What the database knows")

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [each.name for each in OF_THE_DOMAIN]


def test_every_metric_of_a_process_is_described_with_its_kind_and_its_labels() -> None:
    table = section(text_of("docs/metrics.md"), "## Metrics of each process")
    rows = re.findall(r"^\| `(\w+)(?:\{(.+)\})?` \| (\w+) \|", table, re.MULTILINE)

    assert {name: (kind, labels) for name, labels, kind in rows} == {
        each.name: (each.kind, ",".join(each.labels)) for each in OF_A_PROCESS
    }


def test_every_invariant_is_described() -> None:
    table = section(PAGE, "## The auditor")

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(Invariant)
