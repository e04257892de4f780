"""What is not on this machine: the tests that need it are skipped, or fail where it is demanded."""

import os
from typing import NoReturn

import pytest


def absent(why: str, variable: str) -> NoReturn:
    """Skip for this reason; where the environment sets this variable to 1, fail for it."""
    if os.environ.get(variable) == "1":
        pytest.fail(f"{variable}=1, and {why}", pytrace=False)
    pytest.skip(why)
