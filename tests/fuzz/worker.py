"""One worker: libFuzzer, through atheris, guided by the coverage of the codec and the reference.

Rule of this file: whatever happens, the value that it happened with can be found again. libFuzzer
keeps the one that crashed or hung the process, and this file keeps the rest.

`schemas` and the reference are instrumented. fastavro's C extension cannot be, so the reference,
which reads the same bytes in Python, shows the fuzzer the way through them.
"""

import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

atheris: Any = import_module("atheris")  # it ships no types
with atheris.instrument_imports(include=["schemas", "tests.fuzz.reference", "tests.fuzz.judge"]):
    from tests.fuzz.bending import bent
    from tests.fuzz.corpus import read_corpus
    from tests.fuzz.honest import crowded, honest, parts_of
    from tests.fuzz.judge import Judge
    from tests.fuzz.memory import Memory
    from tests.fuzz.targets import Target, as_data, target_and_value

_LONGEST = 4_096  # bytes of what libFuzzer mutates; longer ones are made beside it
_ONE_IS_LARGE_IN = 20_000
_POOL = 2_000


class Worker:
    """Judges what libFuzzer brings, up to `runs` values, and leaves its figures in `folder`."""

    def __init__(self, folder: Path, runs: int, seed: int) -> None:
        self._folder = folder
        self._runs = runs
        self._rng = Random(seed)
        self._judge = Judge()
        self._memory = Memory(warm_up=min(50_000, runs // 2))
        self._started = perf_counter()
        self._done = 0
        self._pool = [honest(self._rng) for _ in range(_POOL)]
        self._parts = [parts for _, parts in self._pool]

    def plant(self, corpus: Path) -> None:
        """Write the first corpus: the one that is kept, and some honest values."""
        corpus.mkdir()
        kept = [(entry.target, entry.value) for entry in read_corpus()]
        fresh = [(target, b"".join(parts)) for target, parts in self._pool[:200]]
        for at, (target, value) in enumerate(kept + fresh):
            (corpus / f"{at}").write_bytes(as_data(target, value))

    def look(self, data: bytes) -> None:
        """Judge one value; now and then a large one too, which libFuzzer would dwell on."""
        if not data:
            return
        self._look(*target_and_value(data))
        if self._done % _ONE_IS_LARGE_IN == 0:
            target, parts = crowded(self._rng)
            value = b"".join(parts)
            (self._folder / "large").write_bytes(as_data(target, value))
            self._look(target, value)
            (self._folder / "large").unlink()
        if self._done >= self._runs:
            self._leave(0)

    def mutate(self, data: bytes, most: int, seed: int) -> bytes:
        """Bend what libFuzzer hands out, or an honest value; or let libFuzzer do it."""
        rng = Random(seed)
        chance = rng.random()
        if chance < 0.3 or not data:
            target, parts = rng.choice(self._pool)
        elif chance < 0.5:
            return bytes(atheris.Mutate(data, most))
        else:
            target, value = target_and_value(data)
            parts = parts_of(target, value)
        return as_data(target, bent(parts, rng, self._parts))[:most]

    def _look(self, target: Target, value: bytes) -> None:
        try:
            self._judge.judge(target, value)
            self._done += 1
            self._memory.look(self._done)
        except Exception as violation:
            traceback.print_exc()
            found = {"target": str(target), "value": value.hex(), "why": str(violation)}
            (self._folder / "violation.json").write_text(json.dumps(found))
            self._leave(1)
        if self._done % 50_000 == 0:
            self._report()

    def _report(self) -> None:
        figures = {
            "values": self._done,
            "counts": self._judge.counts,
            "slowest_ms": self._judge.slowest * 1000,
            "memory_mb": self._memory.growth / 2**20,
            "seconds": perf_counter() - self._started,
            "busy": process_time(),
        }
        unfinished = self._folder / "figures.new"
        unfinished.write_text(json.dumps(figures))
        unfinished.rename(self._folder / "figures.json")

    def _leave(self, status: int) -> None:
        self._report()
        sys.stderr.flush()
        os._exit(status)  # libFuzzer takes any other exit for a crash


def main() -> None:
    """Fuzz in the folder, for as many runs, with the seed that the arguments name."""
    folder, runs, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    worker = Worker(folder, runs, seed)
    worker.plant(folder / "corpus")
    options = [
        f"-seed={seed}",
        f"-max_len={_LONGEST}",
        "-timeout=30",
        f"-artifact_prefix={folder}/",
    ]
    command = [sys.argv[0], *options, str(folder / "corpus")]
    atheris.Setup(command, worker.look, custom_mutator=worker.mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
