"""Does the demonstration run for real, and does its comparison notice?"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.cli.demo import show
from consumers.cli.exits import PROBLEM, code_of
from consumers.demo.scenarios.money import FULL_REFUND
from consumers.demo.scenarios.refusals import CUT_MESSAGE
from consumers.errors import ProblemFoundError
from services.settings import PREFIX

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def test_demo_check_finds_everything_as_the_rules_demand() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}

    ended = subprocess.run(
        [sys.executable, "-m", "consumers.cli", "demo", "--check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "✓ Everything is as the rules demand" in ended.stdout
    assert "75 of 75 messages handled, 146 effects seen" in ended.stderr


def test_an_expectation_that_is_wrong_is_found_and_ends_with_exit_code_1(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    (ending,) = FULL_REFUND.disputes
    wrong = replace(FULL_REFUND, disputes=(replace(ending, refund_minor=12_599),))

    with pytest.raises(ProblemFoundError) as caught:
        show([wrong, CUT_MESSAGE], check=True)

    assert code_of(caught.value) == PROBLEM
    said = capfd.readouterr().out
    assert "✗ 1 difference from what the rules demand" in said
    assert "full-refund: dispute 1: refund_minor is 12600 and must be 12599" in said
