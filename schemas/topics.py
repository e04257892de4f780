"""Every topic of the pipeline, by name.

Rule of this file: a topic is named after the fact it carries, in the past tense, and is keyed
by `order_id`.
"""

from enum import StrEnum
from typing import Final


class Topic(StrEnum):
    """A topic; its value is its name on Kafka."""

    ORDER_DISPUTED = "order.disputed"
    MEDIATOR_ASSIGNED = "mediator.assigned"
    VERDICT_ISSUED = "verdict.issued"

    ORDER_FROZEN = "order.frozen"
    ORDER_REACTIVATED = "order.reactivated"
    ORDER_CLOSED = "order.closed"
    CHAT_LOCKED = "chat.locked"
    CHAT_UNLOCKED = "chat.unlocked"
    REVIEW_BLOCKED = "review.blocked"
    MEDIATION_OPENED = "mediation.opened"
    REFUND_REQUESTED = "refund.requested"
    PAYOUT_REQUESTED = "payout.requested"
    DISPUTE_RESOLVED = "dispute.resolved"


INBOUND: Final = (Topic.ORDER_DISPUTED, Topic.MEDIATOR_ASSIGNED, Topic.VERDICT_ISSUED)
"""The topics that are consumed; they carry events."""

OUTBOUND: Final = tuple(topic for topic in Topic if topic not in INBOUND)
"""The topics that are produced; they carry effects."""


def dead_letter_topic(topic: str) -> str:
    """Name the topic to which the dead letters of `topic` are mirrored."""
    return f"{topic}.dead-letter"
