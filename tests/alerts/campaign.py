"""The faults of the fault campaign under a real Prometheus, at the pace of production.

Rule: the rules are those of deploy/prometheus, with every duration as it is there, and so is the
pace: a scrape and a look at the rules every ten seconds. Nothing is scaled. A fault lasts until its
alert is raised, and the next one begins when that alert has ended.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consumers.bootstrap import PROCESSES
from services.clock import system_clock
from tests.alerts.faulting import FAULTS, Fault, Field
from tests.alerts.prometheus import Prometheus, running_prometheus
from tests.alerts.running import free_ports, numbers_of_the_database
from tests.alerts.trade import Trade
from tests.eventually import eventually
from tests.faults.crew import Crew
from tests.faults.ground import Ground

SCRAPE_SECONDS = 10
"""As in deploy/prometheus/prometheus.yml; tests/alerts/test_campaign.py holds it to that."""

MOST_SCRAPES = 2
_PATIENCE = 240
_ENDS_WITHIN = 900
_SLACK = 1.5  # an evaluation begins when Prometheus comes to it

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a fault raised, and how many seconds after it began."""

    fault: Fault
    seconds: float | None
    others: Sequence[str]

    @property
    def scrapes(self) -> float | None:
        """Scrapes between the moment at which it could be known and the alert."""
        if self.seconds is None:
            return None
        return max(self.seconds - self.fault.known_after, 0) / SCRAPE_SECONDS

    @property
    def in_time(self) -> bool:
        """Whether the alert came within two scrapes."""
        latest = self.fault.known_after + MOST_SCRAPES * SCRAPE_SECONDS + _SLACK
        return self.seconds is not None and self.seconds <= latest

    @property
    def line(self) -> str:
        """A row of the table."""
        cells = (
            self.fault.name,
            self.fault.alert,
            "never" if self.seconds is None else f"{self.seconds:.0f} s",
            f"{self.fault.known_after:.0f} s",
            "" if self.scrapes is None else f"{self.scrapes:.1f}",
            "yes" if self.in_time else "NO",
            ", ".join(self.others) or "none",
        )
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| Fault | Alert | Raised after | Known after | Scrapes | In time | Also raised |",
    "|---|---|---|---|---|---|---|",
)


@contextmanager
def watched(program: str, directory: Path, per_second: float) -> Iterator[tuple[Field, Prometheus]]:
    """One process of each kind on Apache Kafka and PostgreSQL, at work, and who watches them."""
    first = free_ports(len(PROCESSES))
    with ExitStack() as stack:
        ground = stack.enter_context(
            Ground(directory, kafka_session_timeout=6.0, metrics_port=first)
        )
        crew = Crew(ground)
        stack.callback(crew.dismiss)
        crew.start_standing(1)
        assert ground.settings.database_url is not None
        url = ground.settings.database_url.get_secret_value()
        every = ground.settings.collect_seconds
        ops = stack.enter_context(numbers_of_the_database(url, every))
        stack.enter_context(Trade(ground.node.address, per_second))
        targets = {f"mediation-{n}": f"127.0.0.1:{first + i}" for i, n in enumerate(PROCESSES)}
        place = directory / "prometheus"
        place.mkdir()
        prometheus = stack.enter_context(
            running_prometheus(program, place, targets | {"mediation-ops": ops}, SCRAPE_SECONDS)
        )
        prometheus.wait_for_scrapes(3, timeout=120)
        yield Field(ground, crew), prometheus


def inflict(field: Field, prometheus: Prometheus, fault: Fault) -> Found:
    """Do it, wait for its alert, undo it, and wait until the alert has ended."""
    before = f"{fault.alert} has ended"
    eventually(lambda: fault.alert not in prometheus.names(), _ENDS_WITHIN, before)
    began = system_clock()
    with fault.held(field):
        since = _raised(prometheus, fault.alert, began)
    seconds = None if since is None else (since - began).total_seconds()
    others = sorted(_names_since(prometheus, began) - {fault.alert})
    return Found(fault, seconds, others)


def clean(prometheus: Prometheus, minutes: float, say: Say) -> list[str]:
    """Look on for so long; every alert that was pending or firing in that time."""
    began = system_clock()
    said = 0

    def over() -> bool:
        nonlocal said
        passed = (system_clock() - began).total_seconds() / 60
        if passed >= said + 1:
            said = int(passed)
            say(f"{said} minutes: {sorted(_names_since(prometheus, began)) or 'nothing raised'}")
        return passed >= minutes

    eventually(over, minutes * 60 + 60, "the time is over")
    return sorted(_names_since(prometheus, began))


def chosen(names: Sequence[str]) -> list[Fault]:
    """The faults of these names; all if there are none."""
    return [fault for fault in FAULTS if not names or fault.name in names]


def _raised(prometheus: Prometheus, alert: str, began: datetime) -> datetime | None:
    """When this alert was first active; None if it did not fire in time."""

    def since() -> list[datetime]:
        return [e.since for e in prometheus.firing() if e.name == alert and e.since >= began]

    try:
        return min(eventually(since, _PATIENCE, f"{alert} is raised"))
    except AssertionError:
        return None


def _names_since(prometheus: Prometheus, began: datetime) -> set[str]:
    """Every alert that was pending or fired since then."""
    span = max(round((system_clock() - began).total_seconds()), 1)
    found = prometheus.query(f"count by (alertname) (count_over_time(ALERTS[{span}s]))")
    return {labels["alertname"] for labels, _ in found}
