"""Processes that serve invented numbers: every metric that is declared, and whatever a test says.

Rule: this shows that rules and panels understand the metrics, never that a process serves them;
that is for the tests with real processes.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import product
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from consumers.bootstrap import OPS, PROCESSES
from services.clock import system_clock
from tests.alerts.declared import DECLARED, Declared
from tests.alerts.prometheus import Prometheus, running_prometheus

_BUCKETS = ("0.1", "1.0", "86400.0", "172800.0", "+Inf")


class Invented(Collector):
    """The numbers of one process. A busy one counts with every scrape; an idle one is well."""

    def __init__(self, process: str, *, busy: bool) -> None:
        self._process = process
        self._busy = busy
        self._said: dict[tuple[str, tuple[str, ...]], float] = {}
        self._scrapes = 0

    def say(self, name: str, value: float, *labels: str) -> None:
        """From now on this series has this value."""
        self._said[name, labels] = value

    def describe(self) -> list[Metric]:
        """Nothing, so that nothing is counted when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All that is declared for this process."""
        self._scrapes += 1
        for metric in DECLARED:
            if self._process in metric.served_by:
                yield self._family(metric)

    def _family(self, metric: Declared) -> Metric:
        names = list(metric.labels)
        if metric.kind == "histogram":
            histogram = HistogramMetricFamily(metric.name, metric.name, labels=names)
            for labels in product(*metric.labels.values()):
                counts = [(bound, float(self._scrapes * n)) for n, bound in enumerate(_BUCKETS)]
                histogram.add_metric(labels, counts, float(self._scrapes))
            return histogram
        kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        family = kind(metric.name, metric.name, labels=names)
        for labels in product(*metric.labels.values()):
            if self._is_ours(metric, labels):
                family.add_metric(labels, self._value(metric, labels))
        return family

    def _is_ours(self, metric: Declared, labels: tuple[str, ...]) -> bool:
        return "process" not in metric.labels or self._process in labels

    def _value(self, metric: Declared, labels: tuple[str, ...]) -> float:
        said = self._said.get((metric.name, labels))
        if said is not None:
            return said
        if metric.name.endswith("_timestamp_seconds"):
            return system_clock().timestamp()
        if metric.name.endswith("_info"):
            return 1.0
        idle = float(metric.kind == "counter" and self._scrapes) if self._busy else 0.0
        return idle or float(self._busy)


class Served:
    """An invented process that listens, until it is killed."""

    def __init__(self, process: str, *, busy: bool) -> None:
        self.numbers = Invented(process, busy=busy)
        registry = CollectorRegistry()
        registry.register(self.numbers)
        self._server, self._thread = start_http_server(0, addr="127.0.0.1", registry=registry)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._killed = False

    def kill(self) -> datetime:
        """It answers no more; says from when on."""
        if not self._killed:
            self._killed = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        return system_clock()


@contextmanager
def invented_pipeline(
    program: str, directory: Path, *, busy: bool
) -> Iterator[tuple[Prometheus, Mapping[str, Served]]]:
    """A Prometheus that watches five invented processes."""
    with ExitStack() as stack:
        processes = {}
        for name in (*PROCESSES, OPS):
            processes[name] = Served(name, busy=busy)
            stack.callback(processes[name].kill)
        targets = {f"mediation-{name}": each.address for name, each in processes.items()}
        prometheus = stack.enter_context(running_prometheus(program, directory, targets))
        yield prometheus, processes
