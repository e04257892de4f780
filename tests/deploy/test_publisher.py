"""Does the publisher of the demonstration keep the stack moving, with events that the rules take?

It comes after the tests that compare all orders with what was told, since nobody tells of these.
"""

from random import Random

from deploy.compose.publisher import happenings
from schemas.codec import Codec
from schemas.events import VerdictIssued
from tests.deploy.stack import ComposeStack
from tests.eventually import eventually

_RESOLVED = "SELECT count(*) FROM disputes WHERE state = 'RESOLVED'"


def test_all_that_it_says_can_be_said_and_it_soon_comes_to_verdicts() -> None:
    turns = happenings(Random(1))

    events = [event for _ in range(500) for event in next(turns)]

    decided = {event.decision for event in events if isinstance(event, VerdictIssued)}
    assert all(Codec().encode(event) for event in events)
    assert len({event.event_id for event in events}) == len(events)
    assert len(decided) == 4


def test_its_disputes_are_decided_one_after_the_other(stack: ComposeStack) -> None:
    before = stack.query(_RESOLVED)

    stack.compose("--profile", "demo", "up", "-d", "--no-build", "publisher")

    eventually(lambda: stack.query(_RESOLVED) > before, timeout=120, message="verdicts are given")
    assert stack.inspected("publisher", "{{.RestartCount}}") == "0"
    stack.compose("--profile", "demo", "rm", "--stop", "--force", "publisher")
