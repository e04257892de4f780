"""Every scenario of the demonstration, in the order in which it tells of them."""

from typing import Final

from consumers.demo.scenarios import evidence, money, refusals, timing
from consumers.demo.story import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    *money.SCENARIOS,
    *timing.SCENARIOS,
    *evidence.SCENARIOS,
    *refusals.SCENARIOS,
)
