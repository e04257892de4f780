"""The consumer with a stopwatch around its parts: a process of `python -m bench profile`.

Rule: what is not wrapped is told as what it is inside of. So a part that is not there any more, or
is never called, is a failure: its time would be told as that of another.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.stopwatch import Stopwatch
from consumers.bootstrap import run_process
from consumers.runner import Runner
from consumers.stopping import StopSignal
from services.settings import load_settings
from services.storage.postgres import PostgresStore

OUTPUT = "BENCH_PROFILE"
POLL, WAITING = "poll", "polls that found nothing"

PARTS = (
    (POLL, "consumers.broker", "Consumer.poll"),
    ("offsets", "consumers.broker", "Consumer.commit"),
    ("decode", "schemas.codec", "Codec.decode"),
    ("digest", "schemas.codec", "Codec.digest"),
    ("encode effects", "schemas.codec", "Codec.encode"),
    ("decide", "services.docket", "decide"),
    ("gather (the docket)", "services.docket", "Docket.take"),
    ("read: lock and load", "services.storage.postgres", "PostgresTransaction.load"),
    ("read: owners, once more", "services.storage.postgres", "PostgresTransaction.owners"),
    ("write: events", "services.storage.postgres", "PostgresTransaction.remember"),
    ("write: cases", "services.storage.postgres", "PostgresTransaction.write_cases"),
    ("write: outbox", "services.storage.postgres", "PostgresTransaction.publish_later"),
    ("metrics", "services.metrics", "Metrics.observe"),
    ("handle a batch, the rest", "services.mediation", "Mediation._in_one_transaction"),
)
BEGIN, COMMIT, LOOP = "begin", "commit", "the loop, the rest"


def main() -> None:
    """Run until stopped, then write what was found."""
    watch = Stopwatch()
    for part, module, path in PARTS:
        _wrap(watch, part, module, path)
    _wrap_transactions(watch)
    _replace(Runner, "run", watch.around(LOOP, Runner.run))
    stop = StopSignal()
    stop.install()
    run_process(sys.argv[1], load_settings(), stop)
    told = {"own": watch.own, "calls": watch.calls}
    Path(os.environ[OUTPUT]).write_text(json.dumps(told))


def _wrap(watch: Stopwatch, part: str, module: str, path: str) -> None:
    owner, name = found(module, path)
    if_empty = WAITING if part == POLL else None
    _replace(owner, name, watch.around(part, getattr(owner, name), if_empty))


def found(module: str, path: str) -> tuple[Any, str]:
    """What holds the part, and by which name.

    Raises:
        AttributeError: it is not there; the part was renamed, and `PARTS` was not.
    """
    owner: Any = import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    getattr(owner, name)
    return owner, name


def _wrap_transactions(watch: Stopwatch) -> None:
    """The commit is what happens when the block of a transaction ends."""
    transaction = PostgresStore.transaction

    @contextmanager
    def watched(store: PostgresStore) -> Iterator[Any]:
        opened: AbstractContextManager[Any] = transaction(store)
        entered = watch.around(BEGIN, opened.__enter__)()
        try:
            yield entered
        except BaseException as error:
            if not opened.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            watch.around(COMMIT, opened.__exit__)(None, None, None)

    _replace(PostgresStore, "transaction", watched)


def _replace(owner: Any, name: str, function: Any) -> None:
    setattr(owner, name, function)


if __name__ == "__main__":
    main()
