"""Are ids that are made here what `uuid` makes of the same number?"""

import copy
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.uuids import uuid_of, uuid_text

NUMBERS = st.integers(0, 2**128 - 1)


@given(NUMBERS)
@example(0)
@example(2**128 - 1)
def test_an_id_is_the_one_of_its_number(number: int) -> None:
    made, real = uuid_of(number), UUID(int=number)

    assert type(made) is UUID
    assert (made, hash(made), made.bytes, made.is_safe) == (
        real, hash(real), real.bytes, real.is_safe,
    )  # fmt: skip
    assert uuid_text(made) == str(made) == str(real)


def test_an_id_can_be_copied() -> None:
    made = uuid_of(2**127)

    assert copy.deepcopy(made) == made
