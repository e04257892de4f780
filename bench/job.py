"""What a contestant is told: where to read, where to write, how much at once.

Rule: a contestant's process gets it in one environment variable, and nothing else.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Self

VARIABLE = "BENCH_JOB"


@dataclass(frozen=True, slots=True)
class Job:
    """`source_url` is a database that holds the rows already, for whoever writes prepared rows."""

    servers: str
    topic: str
    group: str
    database_url: str
    source_url: str = ""
    batch: int = 1000
    inside: bool = False

    @classmethod
    def given(cls) -> Self:
        """The job of this process."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def as_environment(self, *, inside: bool) -> dict[str, str]:
        """The variable for a child, with the pipeline's own SQL and codec inside it or not."""
        return {VARIABLE: json.dumps(asdict(replace(self, inside=inside)))}
