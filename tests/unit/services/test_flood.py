"""When do dead letters stop a consumer?"""

import pytest

from services.errors import FloodError
from services.flood import FloodGate


def test_half_of_the_window_may_be_dead_letters() -> None:
    gate = FloodGate(window=200, limit=0.5)

    gate.check([True] * 100, "bad")


def test_one_more_than_half_of_the_window_is_a_flood_and_says_why() -> None:
    gate = FloodGate(window=200, limit=0.5)

    with pytest.raises(FloodError, match=r"limit is 100 of 200.*The last reason was: bad"):
        gate.check([True] * 101, "bad")


def test_dead_letters_of_earlier_batches_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 5)

    with pytest.raises(FloodError):
        gate.check([True], "bad")


def test_dead_letters_that_left_the_window_no_longer_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 5 + [False] * 10)

    gate.check([True] * 5, "bad")


def test_a_flood_in_the_middle_of_a_batch_is_seen() -> None:
    gate = FloodGate(window=10, limit=0.5)

    with pytest.raises(FloodError):
        gate.check([True] * 6 + [False] * 100, "bad")


def test_what_was_only_checked_does_not_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.check([True] * 5, "bad")

    gate.check([True] * 5, "bad")


def test_a_flood_that_a_person_let_pass_no_longer_counts() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 10)  # as with MEDIATION_FLOOD_LIMIT=1, before the restart

    gate.check([True] * 5, "bad")
    with pytest.raises(FloodError):
        gate.check([True] * 6, "bad")


def test_a_full_gate_lets_good_messages_pass() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 5)

    gate.check([False] * 100, "bad")


def test_the_error_says_what_a_person_can_do() -> None:
    with pytest.raises(FloodError) as caught:
        FloodGate(window=10, limit=0.5).check([True] * 6, "bad")

    first, *others = str(caught.value).splitlines()
    assert first.startswith("a flood of dead letters: 6 of the last 6 messages")
    assert "MEDIATION_FLOOD_LIMIT=1" in "".join(others)
