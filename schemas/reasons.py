"""The closed set of reason codes: why an event became a dead letter.

Rule of this file: a reason code is a public word (stored, counted, alerted on), so one may be
added, but none may be renamed or given another meaning.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why an event was refused; `description` says it in words."""

    # The bytes: the value could not be read at all.
    MISSING_VALUE = "missing_value"
    OVERSIZED = "oversized"
    UNKNOWN_FRAMING = "unknown_framing"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNDECODABLE = "undecodable"
    TRAILING_BYTES = "trailing_bytes"
    NOT_CANONICAL = "not_canonical"

    # The signature: with keys configured, a verdict that cannot be shown to be a mediator's.
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_INVALID = "signature_invalid"
    SIGNATURE_KEY_UNKNOWN = "signature_key_unknown"
    SIGNATURE_KEY_REVOKED = "signature_key_revoked"

    # The fields: the value was read, but one field cannot be what it should be.
    INVALID_ID = "invalid_id"
    INVALID_TIMESTAMP = "invalid_timestamp"
    INVALID_CURRENCY = "invalid_currency"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_TEXT = "invalid_text"

    # The rules: the event is well formed, and the rules of mediation refuse it.
    EVENT_ID_REUSED = "event_id_reused"
    DISPUTE_CONFLICT = "dispute_conflict"
    ORDER_CLOSED = "order_closed"
    DISPUTE_RESOLVED = "dispute_resolved"
    VERDICT_FINAL = "verdict_final"
    MEDIATOR_NOT_NEUTRAL = "mediator_not_neutral"
    UNKNOWN_DECISION = "unknown_decision"
    UNKNOWN_GROUND = "unknown_ground"
    GROUND_MISMATCH = "ground_mismatch"
    REASONS_BLANK = "reasons_blank"
    REFUND_MISSING = "refund_missing"
    REFUND_UNEXPECTED = "refund_unexpected"
    REFUND_OUT_OF_RANGE = "refund_out_of_range"
    AMOUNTS_INCONSISTENT = "amounts_inconsistent"
    OFF_PLATFORM_EVIDENCE = "off_platform_evidence"

    # Time: what the event waited for never came.
    ORPHANED = "orphaned"
    WRONG_MEDIATOR = "wrong_mediator"

    # Failure: the fault is ours, not the event's.
    BUG = "bug"

    @property
    def description(self) -> str:
        """One sentence for a person: what this code means, whatever the event."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Reason.MISSING_VALUE: "The message has no value, so there is no event in it.",
    Reason.OVERSIZED: "The value is larger than any honest event.",
    Reason.UNKNOWN_FRAMING: "The value begins like neither of the two framings in use.",
    Reason.UNKNOWN_SCHEMA: "The value names a schema that does not belong to this topic.",
    Reason.UNDECODABLE: "The value cannot be read with the schema that it names.",
    Reason.TRAILING_BYTES: "Bytes are left over after the end of the event.",
    Reason.NOT_CANONICAL: "The value can be read, but no correct encoder writes it like that.",
    Reason.SIGNATURE_MISSING: "Verdicts have to be signed, and this one is not.",
    Reason.SIGNATURE_INVALID: "The verdict was changed or moved, or the signature is another's.",
    Reason.SIGNATURE_KEY_UNKNOWN: "The verdict is signed with a key that is not configured.",
    Reason.SIGNATURE_KEY_REVOKED: "The verdict is signed with a key that is revoked.",
    Reason.INVALID_ID: "An identifier is empty, too long or malformed.",
    Reason.INVALID_TIMESTAMP: "The time of the event is outside the years 1970 to 9999.",
    Reason.INVALID_CURRENCY: "The currency is not an active ISO 4217 code.",
    Reason.INVALID_AMOUNT: "An amount of money is negative or too large.",
    Reason.INVALID_TEXT: "A text is empty, too long or holds what cannot be stored.",
    Reason.EVENT_ID_REUSED: "Another event with the same id and other content came first.",
    Reason.DISPUTE_CONFLICT: "Another event, or another order, already opened the dispute.",
    Reason.ORDER_CLOSED: "Mediation has already closed the order.",
    Reason.DISPUTE_RESOLVED: "The dispute already has its verdict, so no mediator is needed.",
    Reason.VERDICT_FINAL: "The dispute already has its verdict, which is firm and final.",
    Reason.MEDIATOR_NOT_NEUTRAL: "The mediator is the buyer or the seller of the order.",
    Reason.UNKNOWN_DECISION: "The decision is none that this version knows.",
    Reason.UNKNOWN_GROUND: "The ground is none that this version knows.",
    Reason.GROUND_MISMATCH: "The ground does not support the decision.",
    Reason.REASONS_BLANK: "The mediator gave no reasons.",
    Reason.REFUND_MISSING: "A partial refund does not say how much is refunded.",
    Reason.REFUND_UNEXPECTED: "An amount is given for a decision that takes none.",
    Reason.REFUND_OUT_OF_RANGE: "A partial refund must be above zero and below the price.",
    Reason.AMOUNTS_INCONSISTENT: "The captured amount, the fees and the commission do not fit.",
    Reason.OFF_PLATFORM_EVIDENCE: "All the evidence cited comes from outside the platform.",
    Reason.ORPHANED: "What the event waited for did not come within the parking limit.",
    Reason.WRONG_MEDIATOR: "The verdict is from a mediator who was never put in charge.",
    Reason.BUG: "The event made this program fail; the program needs mending.",
}
