"""The whole demonstration as one call: a stack, a run of the scenarios, and what came of it.

Rule: everything that is started here is stopped here, however the run ends.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from consumers.bootstrap import make_codec, make_database
from consumers.demo.checking import differences
from consumers.demo.observing import Seen
from consumers.demo.playing import Play, PlayStoppedError
from consumers.demo.staging import Staged, stage
from consumers.demo.story import Scenario
from consumers.demo.watching import Watch
from consumers.stack import Stack
from services.clock import system_clock
from services.settings import Settings

_RUN_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class Performance:
    """A run that is over. `stopped` says why it did not come to its end; None if it did.

    `elapsed` is in seconds, the start of the stack included.
    """

    orders: Sequence[Staged]
    seen: Sequence[Seen]
    elapsed: float
    stopped: str | None = None

    @property
    def differences(self) -> list[str]:
        """Every difference between what was found and what the scenarios demand, in words."""
        return differences(self.orders, self.seen)


def perform(scenarios: Sequence[Scenario], settings: Settings, watch: Watch) -> Performance:
    """Play `scenarios` on the broker and database of `settings`, embedded where it names none.

    Nobody waits for the processes to be ready: messages do, and on a system that already runs, its
    own processes may have all the partitions and slots.

    Raises:
        MediationError: a part could not be started, or went away.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="mediation-demo-") as directory,
        Stack(settings, Path(directory), watch.say) as stack,
    ):
        watch.say("starting the three consumers and the relay")
        stack.start_processes()
        orders, seen, stopped = _play(scenarios, stack, watch)
        watch.say("stopping the processes")
    return Performance(orders, seen, time.monotonic() - began, stopped)


def _play(
    scenarios: Sequence[Scenario], stack: Stack, watch: Watch
) -> tuple[Sequence[Staged], Sequence[Seen], str | None]:
    codec = make_codec(stack.settings)
    database = make_database(stack.settings, "demo")
    run = uuid4().hex[:_RUN_CHARACTERS]
    orders = stage(scenarios, codec, run=run, now=system_clock())

    def every_turn(play: Play) -> None:
        stack.mend()
        watch.turn(play)

    play = Play(orders, stack.settings, database, codec, every_turn)
    try:
        play.run()
        return orders, play.seen, None
    except PlayStoppedError as error:
        return orders, play.seen, str(error)
    finally:
        play.close()
        database.close()
