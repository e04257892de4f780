"""Does the fuzzer run, and say what it did?"""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.corpus import read_corpus

ROOT = Path(__file__).parents[2]


def fuzz(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel here")
def test_some_thousand_values_are_judged_and_the_figures_printed() -> None:
    done = fuzz("--runs", "4000", "--workers", "2", "--seed", "9")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"values judged +4,00\d\n", done.stdout)
    assert re.search(r"coverage +[1-9]\d+ edges", done.stdout)
    assert re.search(r"slowest decode +\d+\.\d ms", done.stdout)
    assert "violations         none" in done.stdout


def test_a_value_that_was_found_is_seen_again(tmp_path: Path) -> None:
    entry = next(each for each in read_corpus() if each.word == "trailing_bytes")
    (tmp_path / "violation.txt").write_text(f"{entry}\n")

    done = fuzz("--replay", str(tmp_path / "violation.txt"))

    assert done.returncode == 0
    assert done.stdout.startswith("trailing_bytes ")
