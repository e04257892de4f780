"""The members: processes of the pipeline, standing ones that are replaced, and others that are not.

Rule: every end of a process is accounted for. One that nobody asked for, and that is no answer to
an absent broker or database, is a finding.
"""

import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from consumers.bootstrap import CONSUMERS, RELAY
from consumers.cli.exits import UNREACHABLE
from consumers.processes import environment
from tests.eventually import eventually
from tests.faults import doomed
from tests.faults.ground import Ground

_READY = {RELAY: b'"relaying"'}
_ASSIGNED = b"partitions_assigned"
_STOP_SECONDS = 10.0  # what the documentation promises


@dataclass(slots=True, eq=False)
class Member:
    """One process. `asked` is the signal that it was sent last, if any."""

    name: str
    number: int
    pid: int
    log: Path
    standing: bool
    asked: int = 0
    point: str = ""

    @property
    def ready(self) -> bool:
        """Whether it has its partitions, or its slots."""
        return _READY.get(self.name, _ASSIGNED) in self.log.read_bytes()

    @property
    def stopped(self) -> bool:
        """Whether SIGSTOP holds it."""
        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess:
            return False


class Crew:
    """Starts members, replaces the standing ones that end, and keeps count."""

    def __init__(self, ground: Ground) -> None:
        self.unexpected: list[str] = []
        self.slow_stops: list[str] = []
        self.ends: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        """How often a member was killed at each point, and `random` elsewhere."""
        self._ground = ground
        self._logs = ground.directory / "logs"
        self._logs.mkdir()
        self._alive: list[Member] = []
        self._number = 0
        self._replacing = True
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._replace, name="crew", daemon=True)
        self._thread.start()

    @property
    def standing(self) -> list[Member]:
        """The members that are replaced when they end."""
        with self._lock:
            return [each for each in self._alive if each.standing]

    def start(
        self,
        name: str,
        *,
        standing: bool = False,
        point: str = "",
        call: int = 1,
        number: int = signal.SIGKILL,
    ) -> Member:
        """Start a member; at its `call`-th `point`, it gets signal `number`."""
        with self._lock:
            self._number += 1
            log = self._logs / f"{name}-{self._number}.log"
            log.touch()
            doom = {
                doomed.POINT: point,
                doomed.CALL: str(call),
                doomed.SIGNAL: str(int(number)),
                doomed.DIARY: str(log.with_suffix(".point")),
            }
            pid = self._ground.nursery.start(
                name, environment(self._ground.settings, name) | doom, log
            )
            member = Member(name, self._number, pid, log, standing, point=point)
            self._alive.append(member)
            return member

    def start_standing(self, replicas: int) -> None:
        """So many of each consumer and of the relay, ready for work."""
        members = [
            self.start(name, standing=True) for name in (*CONSUMERS, RELAY) for _ in range(replicas)
        ]
        eventually(lambda: all(each.ready for each in members), 60, "the members are ready")

    def is_over(self, member: Member) -> bool:
        """Whether it ended."""
        return self._ground.nursery.code(member.pid) is not None

    def send(self, member: Member, number: int) -> None:
        """Send a signal to a member that lives."""
        member.asked = number
        if not self.is_over(member):
            with suppress(ProcessLookupError):
                os.kill(member.pid, number)

    def stop(self, members: list[Member]) -> None:
        """Ask them to stop, and wait; more than ten seconds or another code than 0 is a finding."""
        since = time.monotonic()
        for each in members:
            self.send(each, signal.SIGTERM)
        while late := [each for each in members if not self.is_over(each)]:
            if time.monotonic() - since > _STOP_SECONDS:
                for each in late:
                    self.slow_stops.append(each.log.name)
                    self.send(each, signal.SIGKILL)
                break
            time.sleep(0.05)
        eventually(lambda: all(self.is_over(each) for each in members), 10, "they end")

    def dismiss(self) -> None:
        """Stop all of them, and replace nobody any more."""
        self._replacing = False
        self._ended.set()
        self._thread.join()
        self.stop(self._alive)
        self._bury()

    def _replace(self) -> None:
        while not self._ended.wait(0.2):
            self._bury()

    def _bury(self) -> None:
        with self._lock:
            over = [each for each in self._alive if self.is_over(each)]
            self._alive = [each for each in self._alive if each not in over]
            for each in over:
                self._account_for(each)
                if each.standing and self._replacing:
                    self.start(each.name, standing=True)

    def _account_for(self, member: Member) -> None:
        code = self._ground.nursery.code(member.pid)
        self.ends[str(code)] += 1
        reached = member.log.with_suffix(".point").exists()
        if code == -signal.SIGKILL and member.asked == signal.SIGKILL:
            self.deaths["random"] += 1
        elif code == -signal.SIGKILL and reached:
            self.deaths[member.point] += 1
        elif not (code == 0 and member.asked == signal.SIGTERM) and code != UNREACHABLE:
            said = member.log.read_text(errors="replace").splitlines()[-1:]
            self.unexpected.append(f"{member.log.name} ended with {code}: {said}")
