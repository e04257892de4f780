"""Is everything counted that became of a batch, under its own labels?"""

from datetime import UTC, datetime

from schemas.reasons import Reason
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.rules.outcome import Outcome

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
DISPUTED, VERDICT = "order.disputed", "verdict.issued"
EVENTS = "events_total"


def message(topic: str, seconds_ago: float | None) -> Message:
    at = -1 if seconds_ago is None else round((NOW.timestamp() - seconds_ago) * 1000)
    return Message(topic, 0, 0, at, b"key", b"value")


HANDLED = [
    Handled(message(DISPUTED, 2), Outcome.APPLIED, "done"),
    Handled(message(VERDICT, None), Outcome.REJECTED, "no", reason=Reason.VERDICT_FINAL),
    Handled(message(DISPUTED, 5), Outcome.APPLIED, "done"),
    Handled(message(VERDICT, None), Outcome.REJECTED, "no", reason=Reason.REASONS_BLANK),
    Handled(message(VERDICT, 9), Outcome.APPLIED, "done", was_parked=True),
    Handled(message("mediator.assigned", 1), Outcome.APPLIED, "done"),
]


def counted(*batches: list[Handled]) -> dict[tuple[str, ...], float]:
    metrics = Metrics()
    for batch in batches:
        metrics.observe(batch, NOW)
    return {
        (sample.name.removeprefix("mediation_"), *sample.labels.values()): sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name.endswith(("_total", "_count", "_sum"))
    }


def test_every_outcome_is_counted_by_topic_and_reason() -> None:
    events = {name: n for name, n in counted(HANDLED, HANDLED[:1]).items() if name[0] == EVENTS}

    assert events == {
        (EVENTS, DISPUTED, "applied", ""): 3,
        (EVENTS, VERDICT, "rejected", "verdict_final"): 1,
        (EVENTS, VERDICT, "rejected", "reasons_blank"): 1,
        (EVENTS, VERDICT, "applied", ""): 1,
        (EVENTS, "mediator.assigned", "applied", ""): 1,
    }


def test_an_age_is_observed_of_each_message_that_has_a_time_and_did_not_wait() -> None:
    found = counted(HANDLED)

    assert {name: n for name, n in found.items() if name[0].startswith("event_age")} == {
        ("event_age_seconds_count", DISPUTED): 2,
        ("event_age_seconds_sum", DISPUTED): 7,
        ("event_age_seconds_count", "mediator.assigned"): 1,
        ("event_age_seconds_sum", "mediator.assigned"): 1,
    }
