"""Where a dispute stands when an event about it comes in: the rows of the transition table.

Rule: every (case, dispute id) stands in exactly one row.
"""

from enum import StrEnum

from services.rules.case import Case


class Standing(StrEnum):
    """What the case says of the dispute an event names: the first column of docs/rules.md."""

    ELSEWHERE = "ELSEWHERE"
    UNDISPUTED = "UNDISPUTED"
    OTHER_UNRESOLVED = "OTHER_UNRESOLVED"
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    IN_MEDIATION = "IN_MEDIATION"
    RESOLVED = "RESOLVED"

    @property
    def description(self) -> str:
        """The row's label in the documentation, in plain words."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Standing.ELSEWHERE: "this dispute belongs to another order",
    Standing.UNDISPUTED: "this dispute unknown, none of the order's disputes unresolved",
    Standing.OTHER_UNRESOLVED: "this dispute unknown, another of the order unresolved",
    Standing.CLOSED: "this dispute unknown, order closed by mediation",
    Standing.OPEN: "this dispute OPEN",
    Standing.IN_MEDIATION: "this dispute IN_MEDIATION",
    Standing.RESOLVED: "this dispute RESOLVED",
}


def standing_of(case: Case, dispute_id: str) -> Standing:
    """The one row of the table in which this dispute stands."""
    if dispute := case.dispute(dispute_id):
        return Standing[dispute.state]
    if dispute_id in case.elsewhere:
        return Standing.ELSEWHERE
    if case.closed:
        return Standing.CLOSED
    return Standing.OTHER_UNRESOLVED if case.unresolved else Standing.UNDISPUTED
