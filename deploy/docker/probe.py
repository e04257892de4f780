"""Asks the process of this container how it is: `probe.py [/healthz|/readyz]`.

Rule: the standard library alone, since it starts every few seconds; exits with 0 or 1. Consumers
and the relay answer on the port of their metrics, the console on its own: who listens is asked.
"""

import http.client
import os
import sys
from collections.abc import Mapping
from contextlib import closing

_PATIENCE_SECONDS = 4
_PORTS = {"MEDIATION_METRICS_PORT": 9464, "MEDIATION_OPS_PORT": 9470}


def ports(environment: Mapping[str, str]) -> list[int]:
    """Where a process with these settings may answer."""
    return [int(environment.get(name) or default) for name, default in _PORTS.items()]


def asked(port: int, path: str) -> tuple[int, str] | None:
    """The status and the text of the answer; None where nobody answers."""
    with closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    ) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except OSError:
            return None


def main(path: str) -> int:
    """Say what was answered; 0 if all is well."""
    for port in ports(os.environ):
        if answer := asked(port, path):
            status, text = answer
            sys.stdout.write(text)
            return int(status != http.client.OK)
    sys.stdout.write("nothing answers\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["/healthz"]))
