"""What is wrong with the names in a query: of metrics, of labels, of the values of labels."""

import re
from collections.abc import Iterator, Mapping

from tests.alerts.declared import SERIES
from tests.alerts.promql import Selector, grouping_labels, selectors
from tests.alerts.rulebook import JOBS, recorded

_ITS_SERIES = {"up"}
_ITS_LABELS = {"job", "instance", "le"}


def strangers(query: str) -> list[str]:
    """Everything that the query names and nobody declares."""
    found = [wrong for selector in selectors(query) for wrong in _wrong_in(selector)]
    labels = {name for metric in SERIES.values() for name in metric.labels} | _ITS_LABELS
    return [*found, *(f"label {name}" for name in sorted(grouping_labels(query) - labels))]


def _wrong_in(selector: Selector) -> Iterator[str]:
    labels: Mapping[str, tuple[str, ...]] = {}
    if selector.name in recorded():
        labels = dict.fromkeys(grouping_labels(recorded()[selector.name]), ())
    elif selector.name in SERIES:
        labels = SERIES[selector.name].labels
    elif selector.name not in _ITS_SERIES:
        yield f"metric {selector.name}"
        return
    known: dict[str, tuple[str, ...]] = {"job": JOBS, "instance": (), **labels}
    for label, sign, value in selector.matchers:
        if label not in known:
            yield f"label {label} of {selector.name}"
        elif known[label] and not _matches_any(sign, value, known[label]):
            yield f"{label}{sign}{value} of {selector.name}"


def _matches_any(sign: str, value: str, known: tuple[str, ...]) -> bool:
    """Whether each alternative of a matcher is a value that there can be."""
    alternatives = value.split("|") if "~" in sign else [re.escape(value)]
    return all(any(re.fullmatch(each, one) for one in known) for each in alternatives)
