"""Puts one mutant in the place of its module and runs the tests, in a process of its own.

Rule: the process is forked from one that has everything imported but the rules, so that a trial
costs hardly more than the tests; the mutant is what the child imports.
"""

import contextlib
import importlib
import os
import signal
import sys
from enum import IntEnum
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType
from typing import NoReturn

import hypothesis.stateful
import pytest
from hypothesis import Phase, settings

import tests.builders
from tests.mutation.mutants import RULES, Mutant

STAGES = (
    ["tests/unit/rules", "--ignore=tests/unit/rules/test_confluence.py"],
    ["tests/unit/rules/test_confluence.py"],
    ["tests/properties", "tests/architecture/test_docs_are_current.py"],
)
"""The tests that must notice, the quick ones first: a later stage sees what the others let pass."""

_OPTIONS = [
    "-x",
    "-q",
    "--noconftest",
    "--disable-plugin-autoload",
    "--assert=plain",
    "-pno:cacheprovider",
]
_LONGEST_SECONDS = 60  # at work: a busy machine does not make a mutant look noticed
_IMPORTED_BEFOREHAND = (hypothesis.stateful, tests.builders)


class Ending(IntEnum):
    """How a trial ended; also the exit code of its process."""

    SURVIVED = 0
    KILLED = 1
    UNBORN = 2  # it cannot even be imported, which no test needs to notice


def start(mutant: Mutant | None) -> int:
    """Start the trial of a mutant (None: of the rules as they are); returns the process's id."""
    process = os.fork()
    if process == 0:
        _try(mutant)
    return process


def _try(mutant: Mutant | None) -> NoReturn:
    ending = Ending.KILLED
    try:
        signal.signal(
            signal.SIGVTALRM, signal.default_int_handler
        )  # for ever is as good as noticed
        signal.setitimer(signal.ITIMER_VIRTUAL, _LONGEST_SECONDS)
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            ending = _ending_of(mutant)
    finally:
        os._exit(ending)


def _ending_of(mutant: Mutant | None) -> Ending:
    if mutant is not None:
        sys.meta_path.insert(0, _Changeling(mutant))
    try:
        for path in sorted(RULES.glob("*.py")):
            importlib.import_module(f"services.rules.{path.stem}")
    except Exception:
        return Ending.UNBORN
    settings.register_profile(
        "mutation",
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # who noticed matters, not the smallest example
    )
    settings.load_profile("mutation")
    for stage in STAGES:
        if pytest.main([*_OPTIONS, *stage]) != pytest.ExitCode.OK:
            return Ending.KILLED
    return Ending.SURVIVED


class _Changeling:
    """Finds the mutant where its module is looked for."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self._mutant.module:
            return None
        loader = _Loader(name, str(self._mutant.path))
        loader.code = self._mutant.code
        return spec_from_file_location(name, self._mutant.path, loader=loader)


class _Loader(SourceFileLoader):
    code: CodeType

    def get_code(self, fullname: str) -> CodeType:
        return self.code
