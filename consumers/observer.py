"""Watches the database for those who watch the pipeline: reads the figures, audits the orders.

Rule: a scrape is served from memory. Both threads live on whatever happens to the database: a look
that fails is told in the log, leaves what was seen before, and is tried again when its turn comes.
"""

import threading
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry

from schemas.codec import Codec
from services.audit import Violation
from services.auditor import CHUNK, Auditor, Findings
from services.clock import Clock
from services.exposition import DomainCollector
from services.storage import figures, tallies
from services.storage.database import Database
from services.storage.figures import Figures

_LEAST_CHUNK = 10
_STOPS_WITHIN = 5.0

log = structlog.get_logger()


class Observer:
    """Serves `registry`, from `start` until `stop`.

    The figures are read every `collect_seconds`, and the auditor walks through all orders, again
    and again, at no more than `orders_per_second`. `database` is ours alone.
    """

    def __init__(
        self,
        database: Database,
        codec: Codec,
        *,
        clock: Clock,
        collect_seconds: float,
        orders_per_second: float,
    ) -> None:
        self._database = database
        self._auditor = Auditor(database, codec)
        self._clock = clock
        self._collect_seconds = collect_seconds
        self._chunk = max(_LEAST_CHUNK, min(CHUNK, round(orders_per_second)))
        self._rest = self._chunk / orders_per_second
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._audited_at = clock()
        self.findings = Findings()
        self.figures: Figures | None = None
        self.registry = CollectorRegistry()
        self.registry.register(
            DomainCollector(
                lambda: self.figures,
                self.findings.counts,
                lambda: self._audited_at,
                started_at=self._audited_at,
            )
        )

    def start(self) -> None:
        """Begin to look; returns at once, whether the database answers or not."""
        self._begin("collecting", self._keep_collecting)
        self._begin("auditing", self._keep_auditing)

    def stop(self) -> None:
        """Finish the look that is being taken, and close the database."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_STOPS_WITHIN)
        self._database.close()

    def collect(self) -> None:
        """Read the figures once, and put the tallies in order where they have become many."""
        self.figures = figures.read(self._database, self._clock())
        with self._database.transaction() as connection:
            tallies.fold(connection)

    def audit(self) -> None:
        """Look at every order once, at the given rate, or until we are asked to stop."""
        began, orders = self._clock(), 0
        self._tell(self.findings.replace_tallies(self._auditor.tallies()))
        for chunk in self._auditor.walk(size=self._chunk):
            orders += chunk.orders
            self._tell(self.findings.replace(chunk))
            if self._stopping.wait(self._rest):
                return
        self._audited_at = began
        found = sum(self.findings.counts().values())
        log.info("audited", orders=orders, violations=found, began_at=began.isoformat())

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep_collecting(self) -> None:
        while not self._stopping.is_set():
            self._try("collecting_failed", self.collect)
            self._stopping.wait(self._collect_seconds)

    def _keep_auditing(self) -> None:
        while not self._stopping.is_set():
            self._try("auditing_failed", self.audit)
            self._stopping.wait(self._collect_seconds)

    def _try(self, failed: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.warning(failed, error=repr(error))

    def _tell(self, violations: list[Violation]) -> None:
        for each in violations:
            log.error(
                "invariant_violated",
                invariant=each.invariant.value,
                order_id=each.order_id or None,
                what=each.words,
            )
