"""Does the codec still make of every value that was kept what it made of it then?

Rule of this file: the checks are the fuzzer's own (`tests/fuzz/judge.py`): the reference agrees in
both directions, a decode is quick, and the memory does not grow.
"""

from random import Random

import pytest

from tests.fuzz.bending import bent
from tests.fuzz.corpus import Entry, read_corpus
from tests.fuzz.honest import crowded, honest, parts_of
from tests.fuzz.judge import Judge
from tests.fuzz.memory import MOST_GROWTH, peak
from tests.fuzz.targets import TARGETS, Target

CORPUS = read_corpus()
SOME = 10_000  # values, of the millions that `make fuzz` judges


def test_every_kept_value_becomes_what_it_became() -> None:
    judge = Judge()

    became = [
        Entry(each.target, judge.judge(each.target, each.value), each.value) for each in CORPUS
    ]

    assert became == CORPUS
    assert len(CORPUS) > 200
    assert {each.target for each in CORPUS} == set(TARGETS)


def test_every_reason_to_refuse_a_value_is_in_the_corpus() -> None:
    judge = Judge()
    larger = crowds(20)

    for target, value in [(each.target, each.value) for each in CORPUS] + larger:
        judge.judge(target, value)

    assert set(judge.counts) == {
        *("accepted", "missing_value", "oversized", "unknown_framing", "unknown_schema"),
        *("undecodable", "trailing_bytes", "not_canonical", "invalid_id", "invalid_timestamp"),
        *("invalid_currency", "invalid_amount", "invalid_text"),
    }


def test_some_thousand_bent_values_are_judged_as_the_reference_judges_them() -> None:
    rng, judge = Random(20_260_302), Judge()
    pool = [honest(rng) for _ in range(500)]
    parts = [each for _, each in pool]

    for target, each in pool:
        judge.judge(target, b"".join(each))
    warm = peak()
    for _ in range(SOME):
        target, each = rng.choice(pool)
        judge.judge(target, bent(each, rng, parts))

    assert judge.counts.total() == SOME + len(pool)
    assert judge.counts["accepted"] > SOME / 20
    assert peak() - warm < MOST_GROWTH


def test_large_values_around_every_limit_are_judged_in_time() -> None:
    judge = Judge()

    for target, value in crowds(20):
        judge.judge(target, value)

    assert judge.counts["accepted"] > 0
    assert judge.counts["oversized"] > 0


def crowds(count: int) -> list[tuple[Target, bytes]]:
    rng = Random(7)
    made = [crowded(rng) for _ in range(count)]
    return [(target, b"".join(parts)) for target, parts in made]


def test_a_value_is_cut_where_its_data_end_and_nothing_is_lost() -> None:
    rng = Random(11)

    for target, parts in [honest(rng) for _ in range(300)]:
        cut = parts_of(target, b"".join(parts))
        assert b"".join(cut) == b"".join(parts)
        assert len(cut) > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_a_seed_gives_the_same_values_again(seed: int) -> None:
    first, again = ([honest(rng) for _ in range(50)] for rng in (Random(seed), Random(seed)))

    assert first == again
