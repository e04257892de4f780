"""Where does the console listen, and what if somebody else does already?"""

from contextlib import closing

import pytest

from consumers.ops.serving import bound
from consumers.stack import free_port
from services.errors import RefusedError


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken_is_refused_with_its_remedy(host: str) -> None:
    with closing(bound(host, 0)) as first:
        port = first.getsockname()[1]

        with pytest.raises(RefusedError, match="set MEDIATION_OPS_PORT"):
            bound(host, port)


def test_a_stack_takes_the_port_that_is_wanted_or_else_another_one() -> None:
    with closing(bound("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        other = free_port("127.0.0.1", port)

    assert other != port
    assert free_port("127.0.0.1", port) == port
