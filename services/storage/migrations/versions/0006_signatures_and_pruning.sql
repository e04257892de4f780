-- The reasons for which a verdict is refused that is not signed as it must be; and the one way in which
-- something may be forgotten. Processes of the release before this one go on working.

-- In the order in which a consumer writes to them, so that the two cannot wait for each other.
LOCK TABLE events, parked_events, dead_letters IN ACCESS EXCLUSIVE MODE;

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

-- What is old and decided for good may be forgotten in part, in one way only: of an order that mediation
-- closed, on which nothing waits and no dead letter is open, the payloads of its events and what came too
-- early; and the message of a dead letter that was discarded, or replayed on such an order. All that later
-- events are held to stays: ids and digests, disputes, settlements, restrictions.

ALTER TABLE events ALTER COLUMN value DROP NOT NULL;
ALTER TABLE events ADD COLUMN pruned_at timestamptz;
-- NOT VALID: no row there is can break it, and none needs to be looked at while consumers wait.
ALTER TABLE events ADD CONSTRAINT events_value_is_there_until_pruned
    CHECK ((value IS NULL) = (pruned_at IS NOT NULL)) NOT VALID;
ALTER TABLE dead_letters ADD COLUMN pruned_at timestamptz;

CREATE FUNCTION is_over(of_order identifier) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM cases WHERE order_id = of_order AND reviews_blocked)
        AND NOT EXISTS (SELECT FROM parked_events WHERE order_id = of_order AND settled_at IS NULL)
        AND NOT EXISTS (SELECT FROM dead_letters WHERE order_id = of_order AND status = 'OPEN')
$$;

CREATE FUNCTION refuse_while_needed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_over(OLD.order_id) THEN
        RAISE EXCEPTION '% %: order % is not over, so nothing of it is forgotten',
            TG_TABLE_NAME, TG_OP, OLD.order_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

DROP TRIGGER events_are_final ON events;
CREATE TRIGGER events_are_final BEFORE UPDATE ON events
    FOR EACH ROW WHEN (
        OLD.pruned_at IS NOT NULL OR NEW.pruned_at IS NULL OR NEW.value IS NOT NULL OR
        (OLD.event_id, OLD.arrival, OLD.topic, OLD.partition, OLD."offset", OLD.order_id, OLD.dispute_id,
         OLD.occurred_at, OLD.received_at, OLD.digest, OLD.outcome, OLD.reason, OLD.explanation)
        IS DISTINCT FROM
        (NEW.event_id, NEW.arrival, NEW.topic, NEW.partition, NEW."offset", NEW.order_id, NEW.dispute_id,
         NEW.occurred_at, NEW.received_at, NEW.digest, NEW.outcome, NEW.reason, NEW.explanation))
    EXECUTE FUNCTION refuse_change('the timeline is only added to');
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the timeline is only added to');
CREATE TRIGGER events_are_pruned_when_over BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_while_needed();
CREATE TRIGGER parked_events_are_pruned_when_over BEFORE DELETE ON parked_events
    FOR EACH ROW EXECUTE FUNCTION refuse_while_needed();

-- Pruning takes the message and leaves the rest; after it a letter is as it is for ever.
DROP TRIGGER dead_letters_keep_their_bytes ON dead_letters;
CREATE TRIGGER dead_letters_keep_their_bytes BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (
        (OLD.dead_letter_id, OLD.topic, OLD.partition, OLD."offset", OLD.timestamp_ms,
         OLD.timestamp_type, OLD.reason, OLD.first_seen_at)
        IS DISTINCT FROM
        (NEW.dead_letter_id, NEW.topic, NEW.partition, NEW."offset", NEW.timestamp_ms,
         NEW.timestamp_type, NEW.reason, NEW.first_seen_at)
        OR CASE WHEN OLD.pruned_at IS NOT DISTINCT FROM NEW.pruned_at
            THEN (OLD.key, OLD.value, OLD.headers) IS DISTINCT FROM (NEW.key, NEW.value, NEW.headers)
            ELSE OLD.pruned_at IS NOT NULL OR OLD.status = 'OPEN' OR OLD.status <> NEW.status
                OR num_nonnulls(NEW.key, NEW.value) > 0 OR cardinality(NEW.headers) > 0
        END)
    EXECUTE FUNCTION refuse_change('a dead letter is kept as it was read');
CREATE TRIGGER dead_letters_pruned_stay_closed BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (OLD.pruned_at IS NOT NULL AND OLD.status <> NEW.status)
    EXECUTE FUNCTION refuse_change('a dead letter whose message was pruned is not opened again');
-- One that was replayed is open again if its event had to wait and waits in vain.
CREATE TRIGGER dead_letters_replayed_are_pruned_when_over BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (
        OLD.pruned_at IS DISTINCT FROM NEW.pruned_at
        AND OLD.status = 'REPLAYED' AND OLD.order_id IS NOT NULL)
    EXECUTE FUNCTION refuse_while_needed();

-- Who pruned, when, and what went: a row for each transaction that did.
CREATE TABLE prunings (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    done_at       timestamptz NOT NULL,
    done_by       text        NOT NULL CHECK (btrim(done_by) <> ''),
    database_user text        NOT NULL DEFAULT session_user,
    older_than    timestamptz NOT NULL CHECK (older_than < done_at),
    orders        integer     NOT NULL CHECK (orders >= 0),
    events        integer     NOT NULL CHECK (events >= 0),
    parked_events integer     NOT NULL CHECK (parked_events >= 0),
    dead_letters  integer     NOT NULL CHECK (dead_letters >= 0),
    bytes         bigint      NOT NULL CHECK (bytes >= 0)
);
CREATE TRIGGER prunings_are_final BEFORE UPDATE OR DELETE ON prunings
    FOR EACH ROW EXECUTE FUNCTION refuse_change('what was pruned stays written');
CREATE TRIGGER prunings_are_kept BEFORE TRUNCATE ON prunings
    EXECUTE FUNCTION refuse_change('what was pruned stays written');
