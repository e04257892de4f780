"""A histogram of many values at once: a batch costs one sorting, not a call for each message."""

import threading
from bisect import bisect_right
from collections.abc import Iterable

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from services.declared import Declared


class Ages(Collector):
    """A histogram by topic, whose buckets end at its bounds (and one without an end)."""

    def __init__(self, declared: Declared, registry: CollectorRegistry) -> None:
        self._declared = declared
        self._bounds = declared.bounds
        self._lock = threading.Lock()
        self._below: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe(self, topic: str, ages: Iterable[float]) -> None:
        """Count these ages."""
        ordered = sorted(ages)
        found = [*(bisect_right(ordered, bound) for bound in self._bounds), len(ordered)]
        with self._lock:
            before = self._below.get(topic, [0] * len(found))
            self._below[topic] = [a + b for a, b in zip(before, found, strict=True)]
            self._sums[topic] = self._sums.get(topic, 0.0) + sum(ordered)

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """What the registry asks for."""
        family = HistogramMetricFamily(
            self._declared.name, self._declared.means, labels=self._declared.labels
        )
        ends = [*map(floatToGoString, self._bounds), "+Inf"]
        with self._lock:
            for topic, below in self._below.items():
                counts = zip(ends, map(float, below), strict=True)
                family.add_metric([topic], list(counts), self._sums[topic])
        yield family
