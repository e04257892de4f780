"""What the database knows, as Prometheus reads it.

Rule: this only puts numbers into words; a scrape asks the database nothing. Every label of a closed
set is there from the start, with 0, so that the first one of its kind is seen as a rise.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from schemas.reasons import Reason
from schemas.topics import INBOUND
from services import declared as metrics
from services.audit import Invariant
from services.declared import ASSIGNMENT_BOUNDS, PROMISES, Declared
from services.rules.case import DisputeState
from services.rules.contents import GROUNDS
from services.storage.backlog import Backlog
from services.storage.dead_letters import Status
from services.storage.figures import Figures
from services.storage.tallies import Tallies

Values = Mapping[tuple[str, ...], float]


class DomainCollector(Collector):
    """Serves what was read last; `figures`, `violations` and `audited_at` are asked at each scrape.

    Before the first reading there are no figures, and the time at which they were collected is
    `started_at`: whoever watches that time notices if the first reading never comes.
    """

    def __init__(
        self,
        figures: Callable[[], Figures | None],
        violations: Callable[[], Mapping[Invariant, int]],
        audited_at: Callable[[], datetime],
        *,
        started_at: datetime,
    ) -> None:
        self._figures = figures
        self._violations = violations
        self._audited_at = audited_at
        self._started_at = started_at

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not need a reading."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families, from one reading."""
        figures = self._figures()
        if figures is not None:
            yield from _families(figures)
        violations = self._violations()
        yield _gauge(metrics.VIOLATIONS, {(each,): violations.get(each, 0) for each in Invariant})
        collected_at = self._started_at if figures is None else figures.read_at
        yield _gauge(metrics.COLLECTED, {(): collected_at.timestamp()})
        yield _gauge(metrics.AUDITED, {(): self._audited_at().timestamp()})


def _families(figures: Figures) -> Iterator[Metric]:
    counted = figures.tallies
    yield _histogram(metrics.ASSIGNMENT_LATENCY, counted, "assignments", "assignment_seconds")
    yield _counter(metrics.ASSIGNMENT_PROMISE, _promises(counted))
    yield _gauge(metrics.UNASSIGNED, {(age,): n for age, n in figures.unassigned.items()})
    since = figures.unassigned_since or figures.read_at
    yield _gauge(metrics.OLDEST_UNASSIGNED, {(): since.timestamp()})
    yield _gauge(metrics.DISPUTES, _of(counted, "disputes", [(state,) for state in DisputeState]))
    yield _histogram(metrics.RESOLUTION_LATENCY, counted, "resolutions", "resolution_seconds")
    yield _counter(metrics.VERDICTS, _of(counted, "verdicts", [(each,) for each in GROUNDS]))
    yield _counter(metrics.MONEY, _of(counted, "money"))
    yield from _backlog(metrics.OUTBOX_PENDING, metrics.OUTBOX_OLDEST, figures.outbox, figures)
    yield from _backlog(metrics.PARKED, metrics.PARKED_OLDEST, figures.parked, figures)
    letters: dict[tuple[str, ...], float] = dict.fromkeys(product(INBOUND, Reason, Status), 0)
    yield _gauge(metrics.DEAD_LETTERS, letters | dict(figures.dead_letters))


def _of(counted: Tallies, figure: str, always: Iterable[tuple[str, ...]] = ()) -> Values:
    found = {key[1:]: float(amount) for key, amount in counted.items() if key[0] == figure}
    return {**dict.fromkeys(always, 0), **found}


def _promises(counted: Tallies) -> Values:
    """A dispute assigned after exactly 24 h is within 24 h, as it is in the histogram."""
    waited = _of(counted, "assignments")
    within = {
        promise: sum(
            waited.get((str(bound),), 0) for bound in ASSIGNMENT_BOUNDS if bound <= seconds
        )
        for promise, seconds in PROMISES.items()
    }
    everyone = sum(waited.values())
    return {
        (promise, outcome): number
        for promise, met in within.items()
        for outcome, number in (("met", met), ("missed", everyone - met))
    }


def _backlog(
    pending: Declared, oldest: Declared, waits: Backlog, figures: Figures
) -> Iterator[Metric]:
    yield _gauge(pending, {(): waits.count})
    yield _gauge(oldest, {(): (waits.since or figures.read_at).timestamp()})


def _histogram(declared: Declared, counted: Tallies, figure: str, seconds: str) -> Metric:
    waited = _of(counted, figure)
    names = [*(str(bound) for bound in declared.bounds), "+Inf"]
    shown = [*(str(float(bound)) for bound in declared.bounds), "+Inf"]
    up_to = accumulate(waited.get((name,), 0.0) for name in names)
    family = HistogramMetricFamily(declared.name, declared.means)
    family.add_metric([], list(zip(shown, up_to, strict=True)), float(counted.get((seconds,), 0)))
    return family


def _gauge(declared: Declared, values: Values) -> Metric:
    family = GaugeMetricFamily(declared.name, declared.means, labels=declared.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _counter(declared: Declared, values: Values) -> Metric:
    family = CounterMetricFamily(declared.name, declared.means, labels=declared.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
