"""Do the imports point one way: schemas ← services ← consumers?"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, imported_modules, python_files, relative

RULES = python_files("services/rules")


def test_every_import_contract_is_kept() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"

    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_the_rules_import_nothing_but_schemas_and_the_standard_library(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"schemas", "services"}
    imported = imported_modules(path)

    assert {name for name in imported if name.split(".")[0] not in allowed} == set()
    assert {
        name
        for name in imported
        if name.startswith("services") and not name.startswith("services.rules")
    } == set()


def test_schemas_import_nothing_else_of_ours() -> None:
    imports = {
        f"{relative(path)} imports {name}"
        for path in python_files("schemas")
        for name in imported_modules(path)
        if name.split(".")[0] in {"services", "consumers", "tests"}
    }

    assert imports == set()


def test_no_package_imports_the_tests_or_the_benchmarks() -> None:
    imports = {
        f"{relative(path)} imports {name}"
        for path in python_files("schemas", "services", "consumers")
        for name in imported_modules(path)
        if name.split(".")[0] in {"tests", "bench"}
    }

    assert imports == set()
