"""Who drains `order.disputed` in turn, and how each is started.

Rule: one line each. To add a peer, write its file in `bench/peers/` and its line here.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.job import Job
from bench.stage import Stage
from bench.worker import Worker
from consumers.processes import environment
from services.settings import Settings

ROOT = Path(__file__).parent.parent
_QUIX = ROOT / ".venv" / "bench-quix" / "bin" / "python"
"""Where `make bench` installs Quix Streams, which cannot live beside the others."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A peer: a module of `bench.peers`, with the pipeline's own SQL and codec inside or not.

    `wanted` is the least that the pipeline is to be in units of this one; None: told, not demanded.
    """

    name: str
    module: str
    wanted: float | None = None
    inside: bool = False
    python: Path = Path(sys.executable)

    @property
    def group(self) -> str:
        """How the consumer groups of its turns begin."""
        return f"bench-{self.module}{'-inside' if self.inside else ''}"


OURS = "this pipeline"
PLAIN = Contestant("SQLAlchemy Core, plain", "plain", wanted=5)
COPY = Contestant("PostgreSQL's COPY limit", "copy_limit", wanted=0.35)
PEERS = (
    Contestant("confluent-kafka by hand", "confluent", wanted=3),
    Contestant("FastStream on confluent", "faststream_confluent", wanted=3),
    Contestant("FastStream on aiokafka", "faststream_aiokafka", wanted=3),
    Contestant("Quix Streams", "quix", wanted=3, python=_QUIX),
    Contestant("arroyo", "arroyo", wanted=3),
    Contestant("confluent-kafka, our SQL and codec inside", "confluent", inside=True),
    Contestant("arroyo, our SQL and codec inside", "arroyo", inside=True),
)


def peer(contestant: Contestant, job: Job, log: Path) -> Worker:
    """Its process, not yet started."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    told = job.as_environment(inside=contestant.inside)
    surroundings = os.environ | told | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [str(contestant.python), "-m", f"bench.peers.{contestant.module}"]
    return Worker(command, surroundings, log)


def ours(name: str, stage: Stage, settings: Settings) -> Worker:
    """A process of the pipeline as `mediation run` starts it, not yet started."""
    command = ["-P", "-m", "consumers.cli", "run", name, "--until-stdin-ends"]
    return started_by_us(command, environment(settings, name), stage.log(name))


def started_by_us(arguments: list[str], surroundings: Mapping[str, str], log: Path) -> Worker:
    """A process of this very Python."""
    return Worker([sys.executable, *arguments], surroundings, log)
