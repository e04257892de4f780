"""`python -m tests.alerts`: is every fault of the fault campaign raised, and nothing without one?

Exits with 1 if an alert comes too late, or if a clean run raises any.
"""

import argparse
import shutil
import signal
import sys

from consumers.logs import configure_logging
from services.settings import load_settings
from tests.alerts.campaign import HEAD, chosen, clean, inflict, watched
from tests.alerts.faulting import FAULTS
from tests.faults.campaign import to_stdout
from tests.faults.ground import new_directory


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.alerts", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="*", default=[], choices=[each.name for each in FAULTS], metavar="FAULT")
    add("--clean", type=float, default=0, metavar="MINUTES", help="no faults, for so long")
    add("--rate", type=float, default=2.0, help="orders a second")
    return parser.parse_args()


def main() -> int:
    """Run it, and print the table."""
    said = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started ends
    program = shutil.which("prometheus")
    if program is None:
        to_stdout("prometheus was not found: install it (Debian: apt-get install prometheus)")
        return 1
    configure_logging(load_settings(log_level="error"))
    directory = new_directory()
    with watched(program, directory, said.rate) as (field, prometheus):
        if said.clean:
            raised = clean(prometheus, said.clean, to_stdout)
            to_stdout(f"raised in {said.clean:g} minutes: {', '.join(raised) or 'nothing'}")
            return 1 if raised else 0
        for line in HEAD:
            to_stdout(line)
        late = 0
        for fault in chosen(said.only):
            found = inflict(field, prometheus, fault)
            to_stdout(found.line)
            late += not found.in_time
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
