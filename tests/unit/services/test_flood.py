"""When do dead letters stop a consumer?"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest

from services.errors import DatabaseUnavailableError, FloodError
from services.flood import FloodGate


def check(gate: FloodGate, rejected: Sequence[bool], example: str) -> None:
    """Ask about a batch that is then rolled back, for a reason of its own."""
    with pytest.raises(DatabaseUnavailableError), gate.passage() as asked:
        asked(rejected, example)
        raise DatabaseUnavailableError("away")


def commit(gate: FloodGate, rejected: Sequence[bool]) -> None:
    with gate.passage() as asked:
        asked(rejected, "bad")


def test_half_of_the_window_may_be_dead_letters() -> None:
    gate = FloodGate(window=200, limit=0.5)

    check(gate, [True] * 100, "bad")


def test_one_more_than_half_of_the_window_is_a_flood_and_says_why() -> None:
    gate = FloodGate(window=200, limit=0.5)

    with pytest.raises(FloodError, match=r"limit is 100 of 200.*The last reason was: bad"):
        check(gate, [True] * 101, "bad")


def test_dead_letters_of_earlier_batches_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    commit(gate, [True] * 5)

    with pytest.raises(FloodError):
        check(gate, [True], "bad")


def test_dead_letters_that_left_the_window_no_longer_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 5 + [False] * 10)

    check(gate, [True] * 5, "bad")


def test_a_flood_in_the_middle_of_a_batch_is_seen() -> None:
    gate = FloodGate(window=10, limit=0.5)

    with pytest.raises(FloodError):
        check(gate, [True] * 6 + [False] * 100, "bad")


def test_a_batch_that_was_rolled_back_does_not_count() -> None:
    gate = FloodGate(window=10, limit=0.5)
    check(gate, [True] * 5, "bad")

    check(gate, [True] * 5, "bad")


def test_a_flood_that_a_person_let_pass_no_longer_counts() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 10)  # as with MEDIATION_FLOOD_LIMIT=1, before the restart

    check(gate, [True] * 5, "bad")
    with pytest.raises(FloodError):
        check(gate, [True] * 6, "bad")


def test_a_full_gate_lets_good_messages_pass() -> None:
    gate = FloodGate(window=10, limit=0.5)
    gate.record([True] * 5)

    check(gate, [False] * 100, "bad")


def test_the_error_says_what_a_person_can_do() -> None:
    with pytest.raises(FloodError) as caught:
        check(FloodGate(window=10, limit=0.5), [True] * 6, "bad")

    first, *others = str(caught.value).splitlines()
    assert first.startswith("a flood of dead letters: 6 of the last 6 messages")
    assert "MEDIATION_FLOOD_LIMIT=1" in "".join(others)


def test_members_that_share_a_gate_let_no_more_pass_than_one_alone() -> None:
    gate = FloodGate(window=10, limit=0.5)
    both_are_there = Barrier(2)

    def batch(_: int) -> bool:
        both_are_there.wait(10)
        try:
            with gate.passage() as asked:
                asked([True] * 3, "bad")
                with pytest.raises(BrokenBarrierError):
                    both_are_there.wait(0.1)  # the other one is never here at the same time
        except FloodError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(batch, range(2)))

    assert sorted(passed) == [False, True]


def test_a_good_batch_passes_while_one_with_dead_letters_is_on_its_way() -> None:
    gate = FloodGate(window=10, limit=0.5)

    with gate.passage() as asked, ThreadPoolExecutor(1) as pool:
        asked([True], "bad")
        with gate.passage() as asked_too:
            pool.submit(asked_too, [False] * 3, "").result(10)
