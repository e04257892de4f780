-- The reasons for which a verdict is refused that is not signed as it must be.

LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE;

ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_reason_check;
ALTER TABLE dead_letters ADD CONSTRAINT dead_letters_reason_check CHECK (reason IN (
    'missing_value', 'oversized', 'unknown_framing', 'unknown_schema', 'undecodable',
    'trailing_bytes', 'not_canonical',
    'signature_missing', 'signature_invalid', 'signature_key_unknown', 'signature_key_revoked',
    'invalid_id', 'invalid_timestamp', 'invalid_currency', 'invalid_amount', 'invalid_text',
    'event_id_reused', 'dispute_conflict', 'order_closed', 'dispute_resolved', 'verdict_final',
    'mediator_not_neutral', 'unknown_decision', 'unknown_ground', 'ground_mismatch',
    'reasons_blank', 'refund_missing', 'refund_unexpected', 'refund_out_of_range',
    'amounts_inconsistent', 'off_platform_evidence',
    'orphaned', 'wrong_mediator', 'bug'));
