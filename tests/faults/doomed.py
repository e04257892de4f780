"""A process of the pipeline that ends itself at a named point, as `kill -9` would.

Rule: nothing in the production code knows of this. The objects that do the input and output are
wrapped where `consumers.bootstrap` names them, and the real command line is run. A point is
`before:` or `after:` a method of theirs; the methods are those of the protocols that they keep.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from consumers import bootstrap, outbox_relay, runner
from consumers.cli import main
from services.storage.store import OutboxSession, Transaction

POINT = "TEST_FAULTS_POINT"
CALL = "TEST_FAULTS_CALL"
SIGNAL = "TEST_FAULTS_SIGNAL"
DIARY = "TEST_FAULTS_DIARY"

_EXPIRY_SECONDS = 2.0  # a minute is too long to wait for the question that is asked once a minute


def _methods(protocol: type) -> list[str]:
    return [name for name, each in vars(protocol).items() if callable(each) and name[0] != "_"]


_COMMIT = "transaction.commit"
_OF_A_CONSUMER = [
    *(f"consumer.{name}" for name in _methods(runner.Source)),
    *(f"transaction.{name}" for name in _methods(Transaction)),
    _COMMIT,
]
_OF_A_RELAY = [
    *(f"publisher.{name}" for name in _methods(outbox_relay.Sink)),
    *(f"outbox.{name}" for name in _methods(OutboxSession)),
]


def _around(calls: list[str]) -> tuple[str, ...]:
    return tuple(f"{when}:{call}" for call in calls for when in ("before", "after"))


CONSUMER_POINTS = _around(_OF_A_CONSUMER)
RELAY_POINTS = _around(_OF_A_RELAY)


class _Doom:
    """Counts the calls of the chosen point, and carries out the sentence."""

    def __init__(self) -> None:
        self._point = os.environ.get(POINT, "")
        self._calls_left = int(os.environ.get(CALL, "1"))
        self._signal = int(os.environ.get(SIGNAL, str(int(signal.SIGKILL))))
        self._diary = os.environ.get(DIARY, "")

    def reach(self, point: str) -> None:
        """We are at this point."""
        if point != self._point:
            return
        self._calls_left -= 1
        if self._calls_left == 0:
            diary = os.open(self._diary, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(diary, point.encode())
            os.kill(os.getpid(), self._signal)


class _Wrapped:
    """Passes everything on to the real object, and notes before and after each named method."""

    def __init__(self, real: Any, name: str, calls: list[str], doom: _Doom) -> None:
        self._real = real
        self._name = name
        self._calls = calls
        self._doom = doom

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._real, method)
        call = f"{self._name}.{method}"
        if call not in self._calls:
            return attribute

        @wraps(attribute)
        def noted(*args: Any, **options: Any) -> Any:
            self._doom.reach(f"before:{call}")
            answer = attribute(*args, **options)
            self._doom.reach(f"after:{call}")
            return answer

        return noted


class _WrappedStore:
    """The store, whose transactions and sessions are wrapped; a commit is a point of its own."""

    def __init__(self, real: Any, doom: _Doom) -> None:
        self._real = real
        self._doom = doom

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._real.transaction() as transaction:
            yield _Wrapped(transaction, "transaction", _OF_A_CONSUMER, self._doom)
            self._doom.reach(f"before:{_COMMIT}")
        self._doom.reach(f"after:{_COMMIT}")

    @contextmanager
    def relaying(self) -> Iterator[Any]:
        with self._real.relaying() as session:
            yield _Wrapped(session, "outbox", _OF_A_RELAY, self._doom)


def run(name: str) -> None:
    """`mediation run NAME`, doomed as the environment says."""
    doom = _Doom()
    parts: dict[str, tuple[str, list[str]]] = {
        "Consumer": ("consumer", _OF_A_CONSUMER),
        "Publisher": ("publisher", _OF_A_RELAY),
    }
    for part, (called, calls) in parts.items():
        setattr(bootstrap, part, _wrapping(getattr(bootstrap, part), called, calls, doom))
    real_store = getattr(bootstrap, "PostgresStore")  # noqa: B009 - not for export
    setattr(  # noqa: B010 - mypy would not let a function take the place of a class
        bootstrap, "PostgresStore", lambda *args: _WrappedStore(real_store(*args), doom)
    )
    setattr(runner, "EXPIRY_SECONDS", _EXPIRY_SECONDS)  # noqa: B010 - a constant, elsewhere
    sys.argv = ["mediation", "run", name, "--until-stdin-ends"]
    main()


def _wrapping(make: Any, name: str, calls: list[str], doom: _Doom) -> Callable[..., Any]:
    def made(*args: Any, **options: Any) -> _Wrapped:
        return _Wrapped(make(*args, **options), name, calls, doom)

    return made


if __name__ == "__main__":
    run(sys.argv[1])
