"""Draws what may happen to many orders, and counts by a model what must have come of it.

Rule: nothing here imports `services.rules`, a tally or a figure. What is expected is told by
`tests.properties.model`, event by event in the order in which things happened.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from schemas.events import Event, MediatorAssigned, OrderDisputed, VerdictDecision, VerdictIssued
from schemas.reasons import Reason
from schemas.topics import INBOUND
from tests.builders import OPENED_AT, mediator_assigned, order_disputed, verdict_issued
from tests.histories import History
from tests.properties.model import Model
from tests.properties.money import shares

D = VerdictDecision
ASSIGNED = (60, 300, 900, 3600, 10800, 21600, 43200, 86400, 129600, 172800, 259200, 432000, 604800)
RESOLVED = (3600, 21600, 43200, 86400, 172800, 259200, 432000, 604800, 1209600, 2592000)
AGES = {"12h_24h": (12, 24), "24h_36h": (24, 36), "36h_48h": (36, 48)}
MILLISECOND = timedelta(milliseconds=1)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def drawn(count: int, random: Random) -> list[History]:
    """What happened to `count` orders, some of it invalid, late, or never finished."""
    return [
        History(order_id, tuple(_story(order_id, random)), [])
        for order_id in (f"order-{number}" for number in range(count))
    ]


def _story(order_id: str, random: Random) -> Iterable[Event]:
    opened_at = OPENED_AT + timedelta(minutes=random.randrange(10_000))
    for number in range(1, 4):
        dispute = {"order_id": order_id, "dispute_id": f"{number} of {order_id}"}
        yield order_disputed(
            **dispute,
            occurred_at=opened_at,
            currency=random.choice(["EUR", "JPY", "USD"]),
            captured_minor=random.choice([10_000, 2**62]) + random.randrange(5_000),
        )
        if random.random() < 0.2:
            if random.random() < 0.5:
                yield verdict_issued(**dispute)  # which waits for a mediator
            return
        assigned_at = opened_at + _some_time(random)
        yield mediator_assigned(**dispute, occurred_at=assigned_at)
        if random.random() < 0.3:
            yield mediator_assigned(
                **dispute, occurred_at=assigned_at + _some_time(random), mediator_id="mediator-2"
            )
            dispute["mediator_id"] = "mediator-2"
        if random.random() < 0.2:
            return
        if random.random() < 0.2:
            yield verdict_issued(**dispute, reasons="")
        decision = random.choice([D.RELAUNCH, D.RELAUNCH, *_CLOSING])
        decided_at = assigned_at + _some_time(random)
        yield verdict_issued(**dispute, decision=decision, occurred_at=decided_at)
        if random.random() < 0.3:
            yield verdict_issued(**dispute, decision=random.choice(_CLOSING), reasons="Again.")
        opened_at = decided_at + timedelta(hours=1)
        if decision is not D.RELAUNCH and random.random() < 0.7:
            return


_CLOSING = (D.FULL_REFUND, D.PARTIAL_REFUND, D.PAY_SELLER)


def _some_time(random: Random) -> timedelta:
    """Often exactly at the edge of a bucket, or beside it; sometimes before it began."""
    edge = timedelta(seconds=random.choice([*ASSIGNED, *RESOLVED]))
    beside = [edge, edge + MILLISECOND, edge - MILLISECOND, timedelta(), -timedelta(minutes=3)]
    return random.choice([*beside, timedelta(milliseconds=random.randrange(700_000_000))])


def expected(histories: Iterable[History], now: datetime) -> Samples:
    """Every sample of the domain's metrics that follows from these events, and no other.

    Nothing was published and all was handled at `now`.
    """
    return _Count(histories, now).samples


class _Count:
    def __init__(self, histories: Iterable[History], now: datetime) -> None:
        self.samples: Samples = {}
        self._letters: Counter[tuple[str, str]] = Counter()
        self._parked = self._messages = 0
        self._assigned: dict[str, datetime] = {}
        self._model = Model()
        for history in histories:
            for event in history.events:
                self._take(event)
        self._put_disputes(now)
        self._put_verdicts()
        self._put_backlogs(now)

    def _take(self, event: Event) -> None:
        outcome, *others = self._model.expected(event)
        if outcome == "applied":
            self._model.apply(event)
            self._messages += len(others)
            if isinstance(event, MediatorAssigned):
                self._assigned.setdefault(event.dispute_id, event.occurred_at)
        elif outcome == "rejected":
            self._letters[event.topic.value, others[0]] += 1
        self._parked += outcome == "deferred"

    def _put_disputes(self, now: datetime) -> None:
        known = self._model.disputes.values()
        waits = [each.opening for each in known if not each.mediators]
        self._put("disputes", len(waits), state="OPEN")
        resolved = [each for each in known if each.verdict]
        in_mediation = len(known) - len(waits) - len(resolved)
        self._put("disputes", in_mediation, state="IN_MEDIATION")
        self._put("disputes", len(resolved), state="RESOLVED")
        ages = [(now - each.occurred_at) / timedelta(hours=1) for each in waits]
        young = sum(age < 12 for age in ages)
        for name, (above, upto) in AGES.items():
            number = sum(above < age <= upto or age == above == 12 for age in ages)
            self._put("unassigned_disputes", number, age=name)
        self._put("unassigned_disputes", young, age="lt_12h")
        self._put("unassigned_disputes", sum(age > 48 for age in ages), age="gt_48h")
        oldest = min((each.occurred_at for each in waits), default=now)
        self._put("oldest_unassigned_dispute_timestamp_seconds", oldest.timestamp())
        waited = [self._since_opening(id_, at) for id_, at in self._assigned.items()]
        self._put_histogram("assignment_latency_seconds", waited, ASSIGNED)
        for promise, hours in {"24h": 24, "48h": 48}.items():
            met = sum(each <= timedelta(hours=hours) for each in waited)
            self._put("assignment_promise_total", met, promise=promise, outcome="met")
            missed = len(waited) - met
            self._put("assignment_promise_total", missed, promise=promise, outcome="missed")

    def _put_verdicts(self) -> None:
        decided = [(e.opening, e.verdict) for e in self._model.disputes.values() if e.verdict]
        took = [self._since_opening(one.dispute_id, two.occurred_at) for one, two in decided]
        self._put_histogram("resolution_latency_seconds", took, RESOLVED)
        for decision in (D.RELAUNCH, *_CLOSING):
            number = sum(verdict.decision is decision for _, verdict in decided)
            self._put("verdicts_total", number, decision=decision.value)
        money: Counter[tuple[str, str]] = Counter()
        for opening, verdict in decided:
            money.update(_money(opening, verdict))
        for (kind, currency), amount in money.items():
            if amount:
                self._put("money_minor_total", amount, kind=kind, currency=currency)

    def _put_backlogs(self, now: datetime) -> None:
        for topic in INBOUND:
            for reason in Reason:
                number = self._letters[topic.value, reason.value]
                for status, count in {"OPEN": number, "REPLAYED": 0, "DISCARDED": 0}.items():
                    labels = {"topic": topic.value, "reason": reason.value, "status": status}
                    self._put("dead_letters", count, **labels)
        self._put("outbox_pending", self._messages + self._letters.total())
        self._put("parked_events", self._parked)
        for name in ("outbox_oldest", "parked_oldest", "collected"):
            self._put(f"{name}_timestamp_seconds", now.timestamp())

    def _since_opening(self, dispute_id: str, moment: datetime) -> timedelta:
        opening = self._model.disputes[dispute_id].opening
        return max(moment - opening.occurred_at, timedelta())

    def _put_histogram(self, name: str, waited: list[timedelta], bounds: tuple[int, ...]) -> None:
        for bound in bounds:
            number = sum(each <= timedelta(seconds=bound) for each in waited)
            self._put(f"{name}_bucket", number, le=str(float(bound)))
        self._put(f"{name}_bucket", len(waited), le="+Inf")
        self._put(f"{name}_count", len(waited))
        self._put(f"{name}_sum", sum(waited, timedelta()) / timedelta(seconds=1))

    def _put(self, name: str, value: float, **labels: str) -> None:
        self.samples[f"mediation_{name}", tuple(sorted(labels.items()))] = float(value)


def _money(opening: OrderDisputed, verdict: VerdictIssued) -> dict[tuple[str, str], int]:
    kinds = ("REFUND", "PAYOUT", "PLATFORM")
    return {
        (kind, opening.currency): amount
        for kind, amount in zip(kinds, shares(opening, verdict), strict=True)
    }
