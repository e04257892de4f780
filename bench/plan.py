"""How much is measured: a whole run, or one so small that it only shows that all of it works."""

from dataclasses import dataclass

from bench.rounds import Say


@dataclass(frozen=True, slots=True)
class Plan:
    """`events` are what one contestant drains in a round."""

    rounds: int
    events: int
    quick: bool
    say: Say

    def scaled(self, whole: int, quick: int) -> int:
        """An amount for this run."""
        return quick if self.quick else whole
