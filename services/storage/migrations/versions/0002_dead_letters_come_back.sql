-- What people do about dead letters, and what the database holds them to. Only added to: processes of
-- the release before this one go on working with these tables.

-- In the order in which a consumer writes to them, so that the two cannot wait for each other. (The
-- first one is changed by the next migration, in the same transaction.)
LOCK TABLE cases, parked_events, dead_letters IN SHARE ROW EXCLUSIVE MODE;

-- The oldest version whose release can use this database: one row, which later migrations raise.
CREATE TABLE schema_compatibility (usable_from text NOT NULL);
CREATE UNIQUE INDEX schema_compatibility_is_one_row ON schema_compatibility ((true));
INSERT INTO schema_compatibility VALUES ('0001');

-- Every replay, discard and restore, done or in vain. The timeline keeps an event's first outcome for
-- ever, so what a replay made of it stands here, after the newest event that its order had by then.
-- A replay that decided nothing, since the event was known for another reason, names no event.
CREATE TABLE dead_letter_actions (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dead_letter_id uuid        NOT NULL REFERENCES dead_letters,
    action         text        NOT NULL,
    done_at        timestamptz NOT NULL,
    done_by        text        NOT NULL CHECK (btrim(done_by) <> ''),
    database_user  text        NOT NULL DEFAULT session_user,
    why            text CHECK (btrim(why) <> ''),
    event_id       uuid,
    order_id       identifier,
    after_arrival  bigint,
    outcome        outcome,
    reason         text,
    explanation    text,
    CONSTRAINT dead_letter_actions_outcome_fits CHECK (
        CASE action
            WHEN 'REPLAYED' THEN outcome IS NOT NULL AND outcome <> 'rejected'
            WHEN 'REPLAY_FAILED' THEN outcome IS NOT NULL AND outcome = 'rejected'
            WHEN 'DISCARDED' THEN outcome IS NULL AND why IS NOT NULL
            WHEN 'RESTORED' THEN outcome IS NULL
            ELSE false
        END),
    CONSTRAINT dead_letter_actions_rejected_has_a_reason CHECK (
        (outcome IS NOT DISTINCT FROM 'rejected') = (reason IS NOT NULL)),
    CONSTRAINT dead_letter_actions_outcome_is_explained CHECK (
        (outcome IS NULL) = (explanation IS NULL))
);

CREATE INDEX dead_letter_actions_of_a_letter ON dead_letter_actions (dead_letter_id, id);
CREATE INDEX dead_letter_actions_of_an_order ON dead_letter_actions (order_id, id);
CREATE UNIQUE INDEX dead_letter_actions_settle_an_event_once ON dead_letter_actions (event_id)
    WHERE outcome IN ('applied', 'ignored');

CREATE TRIGGER dead_letter_actions_are_final BEFORE UPDATE OR DELETE ON dead_letter_actions
    FOR EACH ROW EXECUTE FUNCTION refuse_change('what was done stays written');
CREATE TRIGGER dead_letter_actions_are_kept BEFORE TRUNCATE ON dead_letter_actions
    EXECUTE FUNCTION refuse_change('what was done stays written');

-- A refused message is kept as it was read, and what is discarded is restored before it is replayed.
CREATE TRIGGER dead_letters_keep_their_bytes BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (
        (OLD.dead_letter_id, OLD.topic, OLD.partition, OLD."offset", OLD.timestamp_ms,
         OLD.timestamp_type, OLD.key, OLD.value, OLD.headers, OLD.reason, OLD.first_seen_at)
        IS DISTINCT FROM
        (NEW.dead_letter_id, NEW.topic, NEW.partition, NEW."offset", NEW.timestamp_ms,
         NEW.timestamp_type, NEW.key, NEW.value, NEW.headers, NEW.reason, NEW.first_seen_at))
    EXECUTE FUNCTION refuse_change('a dead letter is kept as it was read');
CREATE TRIGGER dead_letters_go_by_way_of_open BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND 'OPEN' NOT IN (OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_change('what is not open is neither replayed nor discarded');
CREATE TRIGGER dead_letters_open_are_kept BEFORE DELETE ON dead_letters
    FOR EACH ROW WHEN (OLD.status = 'OPEN')
    EXECUTE FUNCTION refuse_change('an open dead letter is not forgotten');

-- A letter whose event had to wait again is open again when that ends in a refusal, which the consumers
-- of the release before this one note as another attempt alone.
CREATE FUNCTION reopen_what_waited_in_vain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM parked_events WHERE event_id = OLD.event_id AND outcome = 'rejected')
       AND NOT EXISTS (SELECT FROM dead_letter_actions
                       WHERE event_id = OLD.event_id AND outcome IN ('applied', 'ignored')) THEN
        NEW.status := 'OPEN';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER dead_letters_reopen BEFORE UPDATE ON dead_letters
    FOR EACH ROW WHEN (
        OLD.status = 'REPLAYED' AND NEW.status = 'REPLAYED' AND NEW.attempts > OLD.attempts)
    EXECUTE FUNCTION reopen_what_waited_in_vain();

-- An event whose waiting ended in a refusal may be replayed, and wait again; nothing else is settled
-- twice.
CREATE OR REPLACE TRIGGER parked_events_settle_once BEFORE UPDATE ON parked_events
    FOR EACH ROW WHEN (
        OLD.settled_at IS NOT NULL AND (OLD.outcome <> 'rejected' OR NEW.settled_at IS NOT NULL))
    EXECUTE FUNCTION refuse_change('a parked event is settled once');
