"""The engine and the stack for the tests that need them.

Rule: they run where they are asked for, by REQUIRE_DOCKER=1 (`make proof`), and are skipped
elsewhere: they need the images, a free gigabyte, and minutes.
"""

import os
from collections.abc import Iterator

import pytest

from tests.deploy.stack import IMAGE, SERVICES, ComposeStack, run
from tests.eventually import eventually


@pytest.fixture(scope="session")
def image() -> str:
    """The name of the image, which is there."""
    if os.environ.get("REQUIRE_DOCKER") != "1":
        pytest.skip("the image and the stack are tried by `make proof`, with a Docker engine")
    run("docker", "image", "inspect", IMAGE)
    return IMAGE


@pytest.fixture(scope="session")
def stack(image: str) -> Iterator[ComposeStack]:
    """The whole stack, healthy; removed afterwards with its volumes."""
    run("deploy/compose/secrets.sh")
    stack = ComposeStack()
    try:
        stack.up()
        for service in SERVICES:
            eventually(
                lambda name=service: stack.is_healthy(name),  # type: ignore[misc] # a default
                timeout=120,
                message=f"{service} would be healthy",
            )
        yield stack
    finally:
        print(stack.logs())  # noqa: T201 - pytest shows it with a test that failed
        stack.down()
