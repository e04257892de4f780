"""The members of a consumer group that run in one process, each in a thread of its own.

Rule: they live and end together. A member is what another process would be, with a client, a
connection and a codec of its own; but however one ends, the others are asked to stop, and the
first error of all is the error of the process.
"""

import threading
from collections.abc import Callable, Mapping

import structlog

from consumers.stopping import StopSignal

_FAILED = 1

log = structlog.get_logger()


def run_together(runs: Mapping[str, Callable[[], None]], stop: StopSignal) -> None:
    """Run each of these in a thread of its name, until all have ended.

    The calling thread only waits, so that a signal reaches it. When one fails and another does
    not end within the grace of `stop`, the process ends with exit code 1.

    Raises:
        Exception: what the first that failed has raised, once the others have ended.
    """
    errors: list[BaseException] = []

    def live(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            errors.append(error)
            said, *_ = str(error).splitlines() or [""]
            log.error("member_failed", kind=type(error).__name__, error=said)
        finally:
            _ask(stop, failed=bool(errors))

    threads = [threading.Thread(target=live, args=(run,), name=name) for name, run in runs.items()]
    try:
        for each in threads:
            each.start()
    except BaseException:
        _ask(stop, failed=True)  # those that did start
        raise
    for each in threads:
        each.join()
    if errors:
        raise errors[0]


def _ask(stop: StopSignal, *, failed: bool) -> None:
    if not stop.is_set():
        stop.set(exit_code=_FAILED if failed else 0)
