"""Does the wheel hold all that the program reads besides its code?"""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.architecture.tree import PACKAGES, ROOT, relative


def test_what_lies_beside_the_code_is_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    held = set(zipfile.ZipFile(wheel).namelist())

    beside = {
        relative(path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".pyc"}
    }
    assert "consumers/ops/templates/base.html" in beside
    assert beside - held == set()
