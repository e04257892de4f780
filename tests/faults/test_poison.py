"""Does poison stay where it is, and does a flood of it stop the one consumer that it hits?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.events import OrderDisputed
from schemas.reasons import Reason
from schemas.topics import Topic
from services.signatures import SIGNATURE_REASONS
from tests.brokers.broker import Broker
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.eventually import eventually
from tests.faults.poison_desk import MOST, NAME, WINDOW, Desk
from tests.faults.poison_field import playing_field
from tests.faults.poison_stream import Poisoner, past_round, poisoned_round
from tests.faults.upgrade_pytest import own_ground
from tests.integration.looking import case_of, published
from tests.registries import RegistryInMemory, serving

pytestmark = pytest.mark.slow

JUNK = (None, b"junk")
A_FLOOD = [JUNK] * (MOST + WINDOW)
NOT_FROM_A_PRODUCER = {Reason.BUG} | SIGNATURE_REASONS  # no keys are configured here


@pytest.fixture
def desk(embedded_kafka: Broker, empty_database_url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(embedded_kafka, empty_database_url, tmp_path)
    yield desk
    desk.close()


def dispute(number: int) -> OrderDisputed:
    return order_disputed(order_id=f"order-{number}", dispute_id=f"dispute-{number}")


def good(*numbers: int) -> list[tuple[OrderDisputed, bytes]]:
    return [(dispute(number), Codec().encode(dispute(number))) for number in numbers]


def is_frozen(desk: Desk, number: int) -> bool:
    try:
        return case_of(desk.database, f"order-{number}").frozen
    except AssertionError:
        return False


def until_frozen(desk: Desk, *numbers: int) -> None:
    eventually(lambda: all(is_frozen(desk, each) for each in numbers), 30, f"{numbers} are frozen")


def test_a_flood_stops_the_consumer_which_says_why_and_what_to_do(desk: Desk) -> None:
    desk.publish(A_FLOOD)

    ended = desk.mediation("run", NAME)

    assert ended.code == 1
    *_, complaint = ended.err.partition("error: ")
    assert f"a flood of dead letters: {MOST + 1} of the last {MOST + 1} messages" in complaint
    assert "begins like neither of the two framings" in complaint
    assert "MEDIATION_FLOOD_LIMIT=1" in complaint
    assert '"event": "flood"' in ended.err
    examined = desk.mediation("doctor", "-o", "json").json
    (finding,) = [each for each in examined if each["check"] == NAME]
    assert finding["status"] == "FAIL"
    assert f"{WINDOW} messages behind" in finding["detail"]
    assert f"of the last {MOST} messages {MOST} are dead letters" in finding["detail"]
    assert "a flood of dead letters" in finding["fix"]


def test_a_restart_while_the_cause_is_there_stops_at_the_same_place(desk: Desk) -> None:
    desk.publish(A_FLOOD)

    for _ in range(3):
        assert desk.mediation("run", NAME).code == 1

        assert desk.reasons() == [Reason.UNKNOWN_FRAMING] * MOST
        assert desk.committed() == MOST


def test_once_a_cause_of_ours_is_mended_everything_held_back_is_applied(desk: Desk) -> None:
    right, wrong = RegistryInMemory(), RegistryInMemory()
    wrong.register("elsewhere", contract(Topic.VERDICT_ISSUED).current.schema)
    codec, numbers = Codec(right), range(3 * WINDOW)
    desk.publish((dispute(each), codec.encode(dispute(each))) for each in numbers)
    with serving(wrong) as registry:
        assert desk.mediation("run", NAME, schema_registry_url=registry.url).code == 1
    assert desk.reasons() == [Reason.UNKNOWN_SCHEMA] * MOST
    assert desk.committed() == MOST

    with serving(right) as registry, desk.consumer(schema_registry_url=registry.url):
        eventually(lambda: desk.committed() == len(numbers), 30, "all is read")

    assert sum(is_frozen(desk, each) for each in numbers) == len(numbers) - MOST
    assert len(desk.reasons()) == MOST


def test_a_flood_that_a_person_accepts_is_over_and_the_next_one_is_not(desk: Desk) -> None:
    desk.publish([*A_FLOOD, *good(1)])
    assert desk.mediation("run", NAME).code == 1

    with desk.consumer(flood_limit="1"):
        until_frozen(desk, 1)
        eventually(lambda: len(desk.reasons()) == len(A_FLOOD), 30, "all are dead letters")
        eventually(lambda: desk.committed() == len(A_FLOOD) + 1, 30, "all is read")
    desk.publish([JUNK, *good(2), JUNK, *good(3)])
    with desk.consumer():
        until_frozen(desk, 2, 3)
        eventually(lambda: len(desk.reasons()) == len(A_FLOOD) + 2, 30, "poison is refused as ever")
    desk.publish(A_FLOOD)

    assert desk.mediation("run", NAME).code == 1
    assert len(desk.reasons()) <= len(A_FLOOD) + 2 + MOST


def test_the_other_consumers_and_the_relay_go_on(desk: Desk) -> None:
    with desk.consumer():
        desk.publish(good(1))
        until_frozen(desk, 1)
    desk.publish(A_FLOOD)
    with desk.the_others():
        assert desk.mediation("run", NAME).code == 1

        ids = {"order_id": "order-1", "dispute_id": "dispute-1"}
        desk.publish_elsewhere(mediator_assigned(**ids), verdict_issued(**ids))

        eventually(lambda: case_of(desk.database).closed, 30, "the order is closed")
        eventually(lambda: not published(desk.database), 30, "the relay published it all")


def test_every_kind_of_poison_is_a_dead_letter_with_its_reason_and_changes_nothing_else(
    request: pytest.FixtureRequest,
) -> None:
    past = past_round(60, seed=7)
    poisoner = Poisoner(past.stories, seed=7)
    with own_ground(request), playing_field() as field:
        field.work()
        field.play(past)
        field.play(poisoned_round("live", 4_000, seed=7, share=0.05, poisoner=poisoner))
        field.give_up_on_the_parked()

        assert list(field.differences()) == []
        assert set(field.letters()) == set(Reason) - NOT_FROM_A_PRODUCER
        assert all(expected == found for expected, found in field.letters().values())
        assert field.noises().total() == 0
        assert field.rest() == []
