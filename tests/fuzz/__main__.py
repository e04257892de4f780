"""Fuzzes the codec: `python -m tests.fuzz`, or `make fuzz`.

Rule of this file: it starts the workers and adds up what they say. It ends with 1 if one of them
found a violation, whose value is then printed and kept, with the command that shows it again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from tests.fuzz.corpus import Entry, read_corpus
from tests.fuzz.judge import Judge, ViolationError
from tests.fuzz.report import figures_in, progress, summary
from tests.fuzz.targets import target_and_value, target_named

_ROOT = Path(__file__).parents[2]
_LIFE_SIGN = 30  # seconds


def main() -> int:
    """Fuzz, or judge the values of a file again; returns the exit status."""
    options = _options()
    if options.replay:
        return _replay(options.replay)
    if find_spec("atheris") is None:
        sys.stderr.write("error: atheris is not installed; it has wheels for Linux on x86-64.\n")
        return 3
    folder = Path(tempfile.mkdtemp(prefix="mediation-fuzz-"))
    share = -(-options.runs // options.workers)
    say(f"{options.runs:,} values, {options.workers} workers, seed {options.seed}, in {folder}")
    folders = [folder / f"worker-{number}" for number in range(options.workers)]
    started = [_start(each, share, options.seed + at) for at, each in enumerate(folders)]
    _wait(started, folders)
    say(summary([figures_in(each) for each in folders]))
    broken = [each for each, worker in zip(folders, started, strict=True) if worker.returncode]
    for each in broken:
        _explain(each)
    say("violations         " + (f"{len(broken)}" if broken else "none"))
    return 1 if broken else 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000_000, help="values in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first worker; the next has +1")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=Path, help="judge the values of this file, and no others")
    return parser.parse_args()


def _start(folder: Path, runs: int, seed: int) -> subprocess.Popen[bytes]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.fuzz.worker", str(folder), str(runs), str(seed)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)


def _wait(started: list[subprocess.Popen[bytes]], folders: list[Path]) -> None:
    said = perf_counter()
    try:
        while running := [worker for worker in started if worker.poll() is None]:
            if perf_counter() - said > _LIFE_SIGN:
                said = perf_counter()
                say(progress([figures_in(each) for each in folders]))
            try:
                running[0].wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def _explain(folder: Path) -> None:
    """Say with which value a worker ended, and how to see that again."""
    noted, large = folder / "violation.json", folder / "large"
    kept = sorted(folder.glob("crash-*")) + sorted(folder.glob("timeout-*"))
    if noted.exists():
        found = json.loads(noted.read_text())
        target, value, why = found["target"], bytes.fromhex(found["value"]), found["why"]
        entry = Entry(target_named(*target.split()), "violation", value)
    elif large.exists() or kept:
        data = (large if large.exists() else kept[0]).read_bytes()
        which, value = target_and_value(data)
        entry, why = Entry(which, "violation", value), "the process crashed, hung, or failed"
    else:
        say(f"VIOLATION          no value was left behind; see {folder / 'log'}")
        return
    again = folder / "violation.txt"
    again.write_text(f"{entry}\n", encoding="ascii")
    say(f"VIOLATION          {why}\n  value            {entry}")
    say(f"  see it again     python -m tests.fuzz --replay {again}")


def _replay(file: Path) -> int:
    judge, broken = Judge(), 0
    for entry in read_corpus(file):
        try:
            say(f"{judge.judge(entry.target, entry.value):<18} {entry.target}")
        except ViolationError as violation:
            broken += 1
            say(f"VIOLATION          {violation}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
