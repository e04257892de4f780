-- The last line of defence: what must never be true of a case, a dispute or money is refused here,
-- whatever the program above believes. Identifiers compare byte by byte (COLLATE "C"), so that the
-- order in which rows are locked is the same everywhere.

CREATE DOMAIN identifier AS text COLLATE "C" CHECK (char_length(VALUE) BETWEEN 1 AND 64);
CREATE DOMAIN minor_units AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN timestamp_type AS text CHECK (VALUE IN ('CreateTime', 'LogAppendTime'));
CREATE DOMAIN outcome AS text CHECK (VALUE IN ('applied', 'ignored', 'deferred', 'rejected'));

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: %', TG_TABLE_NAME, TG_OP, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;

-- An order and its restrictions. Only three combinations exist: nothing is restricted; a dispute is
-- unresolved (frozen, chat locked); mediation closed the order (chat locked, reviews blocked).
CREATE TABLE cases (
    order_id        identifier PRIMARY KEY,
    frozen          boolean NOT NULL DEFAULT false,
    chat_locked     boolean NOT NULL DEFAULT false,
    reviews_blocked boolean NOT NULL DEFAULT false,
    sequence        bigint  NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    CONSTRAINT cases_restrictions_are_sane CHECK (
        (frozen, chat_locked, reviews_blocked) IN
        ((false, false, false), (true, true, false), (false, true, true)))
);

CREATE TRIGGER cases_closed_is_for_ever BEFORE UPDATE OR DELETE ON cases
    FOR EACH ROW WHEN (OLD.reviews_blocked)
    EXECUTE FUNCTION refuse_change('an order closed by mediation does not change any more');
CREATE TRIGGER cases_sequence_only_rises BEFORE UPDATE ON cases
    FOR EACH ROW WHEN (NEW.sequence < OLD.sequence)
    EXECUTE FUNCTION refuse_change('the sequence of an order only rises');

-- One row a dispute; a resolution is columns of that row, so that there can be only one.
CREATE TABLE disputes (
    dispute_id           identifier PRIMARY KEY,
    order_id             identifier    NOT NULL REFERENCES cases,
    position             integer       NOT NULL CHECK (position >= 1),
    state                text          NOT NULL CHECK (state IN ('OPEN', 'IN_MEDIATION', 'RESOLVED')),
    opened_by            text          NOT NULL CHECK (opened_by IN ('UNKNOWN', 'BUYER', 'SELLER', 'PLATFORM')),
    buyer_id             identifier    NOT NULL,
    seller_id            identifier    NOT NULL,
    currency             currency_code NOT NULL,
    captured_minor       minor_units   NOT NULL,
    fees_minor           minor_units   NOT NULL,
    commission_minor     minor_units   NOT NULL,
    opened_at            timestamptz   NOT NULL,
    opened_by_event_id   uuid          NOT NULL UNIQUE,
    mediator_id          identifier,
    assigned_at          timestamptz,
    resolved_by_event_id uuid          UNIQUE,
    decision             text,
    ground               text,
    reasons              text,
    resolved_at          timestamptz,
    refund_minor         minor_units,
    payout_minor         minor_units,
    platform_minor       minor_units,
    set_aside            jsonb,

    UNIQUE (order_id, position),
    UNIQUE (dispute_id, currency, buyer_id, refund_minor),
    UNIQUE (dispute_id, currency, seller_id, payout_minor),

    CONSTRAINT disputes_terms_are_sane CHECK (
        fees_minor <= captured_minor AND commission_minor <= captured_minor - fees_minor),
    CONSTRAINT disputes_mediator_fits_state CHECK (
        (state = 'OPEN') = (mediator_id IS NULL) AND (state = 'OPEN') = (assigned_at IS NULL)),
    CONSTRAINT disputes_mediator_is_neutral CHECK (
        mediator_id <> buyer_id AND mediator_id <> seller_id),
    CONSTRAINT disputes_resolution_is_whole CHECK (
        num_nonnulls(resolved_by_event_id, decision, ground, reasons, resolved_at,
                     refund_minor, payout_minor, platform_minor, set_aside)
        = CASE WHEN state = 'RESOLVED' THEN 9 ELSE 0 END),
    CONSTRAINT disputes_reasons_are_given CHECK (btrim(reasons) <> ''),
    CONSTRAINT disputes_ground_fits_decision CHECK (
        (decision, ground) IN (
            ('FULL_REFUND', 'ORDER_NOT_CONFORMING'), ('FULL_REFUND', 'TERMS_BREACHED'),
            ('FULL_REFUND', 'PROCESS_BREACHED'),
            ('PARTIAL_REFUND', 'WORK_PARTLY_CONFORMING'), ('PARTIAL_REFUND', 'PARTIES_AGREED'),
            ('RELAUNCH', 'MISUNDERSTANDING'), ('PAY_SELLER', 'DELIVERY_CONFORMING'))),
    CONSTRAINT disputes_money_is_conserved CHECK (
        CASE decision
            WHEN 'RELAUNCH' THEN refund_minor = 0 AND payout_minor = 0 AND platform_minor = 0
            ELSE refund_minor + payout_minor + platform_minor = captured_minor
        END),
    CONSTRAINT disputes_money_fits_decision CHECK (
        CASE decision
            WHEN 'FULL_REFUND' THEN refund_minor = captured_minor
            WHEN 'PARTIAL_REFUND' THEN refund_minor > 0 AND refund_minor < captured_minor - fees_minor
            WHEN 'PAY_SELLER' THEN refund_minor = 0
                AND payout_minor = captured_minor - fees_minor - commission_minor
        END),
    -- The platform keeps the fees and, within half a minor unit, its share of the commission:
    -- |platform - fees - commission * (price - refund) / price| <= 1/2, with price = captured - fees.
    CONSTRAINT disputes_commission_is_in_proportion CHECK (
        decision <> 'PARTIAL_REFUND' OR
        abs(2 * ((platform_minor - fees_minor)::numeric * (captured_minor - fees_minor)
                 - commission_minor::numeric * (captured_minor - fees_minor - refund_minor)))
        <= captured_minor - fees_minor)
);

CREATE UNIQUE INDEX disputes_one_unresolved_per_order ON disputes (order_id) WHERE state <> 'RESOLVED';

CREATE UNIQUE INDEX disputes_one_closing_verdict_per_order ON disputes (order_id)
    WHERE decision <> 'RELAUNCH';

CREATE TRIGGER disputes_verdict_is_final BEFORE UPDATE ON disputes
    FOR EACH ROW WHEN (OLD.state = 'RESOLVED')
    EXECUTE FUNCTION refuse_change('a resolved dispute is final');
CREATE TRIGGER disputes_only_move_on BEFORE UPDATE ON disputes
    FOR EACH ROW WHEN (OLD.state = 'IN_MEDIATION' AND NEW.state = 'OPEN')
    EXECUTE FUNCTION refuse_change('a dispute never goes back to an earlier state');
CREATE TRIGGER disputes_are_kept BEFORE DELETE ON disputes
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a dispute is not forgotten');
CREATE TRIGGER disputes_stay_with_their_order BEFORE UPDATE ON disputes
    FOR EACH ROW WHEN (
        (OLD.dispute_id, OLD.order_id, OLD.position, OLD.opened_by_event_id, OLD.opened_by,
         OLD.buyer_id, OLD.seller_id, OLD.currency,
         OLD.captured_minor, OLD.fees_minor, OLD.commission_minor, OLD.opened_at)
        IS DISTINCT FROM
        (NEW.dispute_id, NEW.order_id, NEW.position, NEW.opened_by_event_id, NEW.opened_by,
         NEW.buyer_id, NEW.seller_id, NEW.currency,
         NEW.captured_minor, NEW.fees_minor, NEW.commission_minor, NEW.opened_at))
    EXECUTE FUNCTION refuse_change('the order, parties and terms of a dispute do not change');

-- At the end of a transaction an order is frozen exactly while one of its disputes is unresolved, and
-- its reviews are blocked exactly when a verdict closed it.
CREATE FUNCTION compare_case_with_disputes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unresolved boolean;
    closed     boolean;
    the_case   cases%ROWTYPE;
BEGIN
    SELECT * INTO the_case FROM cases WHERE order_id = NEW.order_id;
    SELECT coalesce(bool_or(state <> 'RESOLVED'), false), coalesce(bool_or(decision <> 'RELAUNCH'), false)
        INTO unresolved, closed FROM disputes WHERE order_id = NEW.order_id;
    IF (the_case.frozen, the_case.reviews_blocked) IS DISTINCT FROM (unresolved, closed) THEN
        RAISE EXCEPTION 'order %: the restrictions do not fit its disputes', NEW.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER cases_fit_their_disputes AFTER UPDATE ON cases
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION compare_case_with_disputes();
CREATE CONSTRAINT TRIGGER disputes_fit_their_case AFTER INSERT OR UPDATE ON disputes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION compare_case_with_disputes();

-- Money asked for: one row a dispute and kind. The two foreign keys hold each amount and each payee to
-- those of the verdict and the dispute.
CREATE TABLE settlements (
    settlement_id uuid PRIMARY KEY,
    dispute_id    identifier    NOT NULL REFERENCES disputes,
    kind          text          NOT NULL CHECK (kind IN ('REFUND', 'PAYOUT')),
    amount_minor  minor_units   NOT NULL CHECK (amount_minor > 0),
    currency      currency_code NOT NULL,
    payee_id      identifier    NOT NULL,
    event_id      uuid          NOT NULL,
    requested_at  timestamptz   NOT NULL,
    refund_minor  minor_units GENERATED ALWAYS AS (CASE kind WHEN 'REFUND' THEN amount_minor END) STORED,
    payout_minor  minor_units GENERATED ALWAYS AS (CASE kind WHEN 'PAYOUT' THEN amount_minor END) STORED,
    CONSTRAINT settlements_one_per_dispute_and_kind UNIQUE (dispute_id, kind),
    CONSTRAINT settlements_refund_is_the_verdicts FOREIGN KEY (dispute_id, currency, payee_id, refund_minor)
        REFERENCES disputes (dispute_id, currency, buyer_id, refund_minor),
    CONSTRAINT settlements_payout_is_the_verdicts FOREIGN KEY (dispute_id, currency, payee_id, payout_minor)
        REFERENCES disputes (dispute_id, currency, seller_id, payout_minor)
);

CREATE TRIGGER settlements_are_final BEFORE UPDATE OR DELETE ON settlements
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a settlement does not change');

-- The timeline, which is also the inbox: every event that was understood, once, with its first outcome.
CREATE TABLE events (
    event_id    uuid PRIMARY KEY,
    arrival     bigint GENERATED ALWAYS AS IDENTITY,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    "offset"    bigint      NOT NULL,
    order_id    identifier  NOT NULL,
    dispute_id  identifier  NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    digest      bytea       NOT NULL CHECK (octet_length(digest) = 32),
    value       bytea       NOT NULL,
    outcome     outcome     NOT NULL,
    reason      text,
    explanation text        NOT NULL,
    CONSTRAINT events_rejected_has_a_reason CHECK ((outcome = 'rejected') = (reason IS NOT NULL))
);

CREATE INDEX events_of_an_order ON events (order_id, arrival);
CREATE INDEX events_of_a_topic ON events (topic, arrival);

CREATE TRIGGER events_are_final BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the timeline is only added to');

-- Events that came too early. A settled row stays, and says what became of the event.
CREATE TABLE parked_events (
    event_id     uuid PRIMARY KEY REFERENCES events,
    arrival      bigint GENERATED ALWAYS AS IDENTITY,
    order_id     identifier  NOT NULL,
    waiting      text        NOT NULL CHECK (waiting IN ('dispute', 'mediator', 'handover', 'resolution')),
    parked_at    timestamptz NOT NULL,
    topic        text        NOT NULL,
    partition    integer     NOT NULL,
    "offset"     bigint      NOT NULL,
    timestamp_ms bigint      NOT NULL,
    timestamp_type timestamp_type NOT NULL,
    key          bytea,
    value        bytea       NOT NULL,
    headers      bytea[]     NOT NULL,
    settled_at   timestamptz,
    outcome      outcome CHECK (outcome <> 'deferred'),
    reason       text,
    explanation  text,
    CONSTRAINT parked_events_settled_has_an_outcome CHECK (
        (settled_at IS NULL) = (outcome IS NULL) AND (settled_at IS NULL) = (explanation IS NULL)),
    CONSTRAINT parked_events_rejected_has_a_reason CHECK (
        (outcome IS NOT DISTINCT FROM 'rejected') = (reason IS NOT NULL))
);

CREATE INDEX parked_events_waiting ON parked_events (order_id, arrival) WHERE settled_at IS NULL;
CREATE INDEX parked_events_oldest ON parked_events (parked_at) WHERE settled_at IS NULL;

CREATE TRIGGER parked_events_settle_once BEFORE UPDATE ON parked_events
    FOR EACH ROW WHEN (OLD.settled_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a parked event is settled once');

-- Messages that were refused, with their bytes untouched.
CREATE TABLE dead_letters (
    dead_letter_id uuid PRIMARY KEY,
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    "offset"       bigint      NOT NULL,
    timestamp_ms   bigint      NOT NULL,
    timestamp_type timestamp_type NOT NULL,
    key            bytea,
    value          bytea,
    headers        bytea[]     NOT NULL,
    consumer_group text        NOT NULL,
    reason         text        NOT NULL CHECK (reason IN (
        'missing_value', 'oversized', 'unknown_framing', 'unknown_schema', 'undecodable',
        'trailing_bytes', 'not_canonical',
        'invalid_id', 'invalid_timestamp', 'invalid_currency', 'invalid_amount', 'invalid_text',
        'event_id_reused', 'dispute_conflict', 'order_closed', 'dispute_resolved', 'verdict_final',
        'mediator_not_neutral', 'unknown_decision', 'unknown_ground', 'ground_mismatch',
        'reasons_blank', 'refund_missing', 'refund_unexpected', 'refund_out_of_range',
        'amounts_inconsistent', 'off_platform_evidence',
        'orphaned', 'wrong_mediator', 'bug')),
    explanation    text        NOT NULL,
    error_class    text        NOT NULL,
    event_id       uuid,
    order_id       identifier,
    dispute_id     identifier,
    attempts       integer     NOT NULL CHECK (attempts >= 1),
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    status         text        NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'REPLAYED', 'DISCARDED'))
);

CREATE INDEX dead_letters_by_age ON dead_letters (first_seen_at, dead_letter_id);
CREATE INDEX dead_letters_of_a_topic ON dead_letters (topic, first_seen_at);
CREATE INDEX dead_letters_of_an_order ON dead_letters (order_id) WHERE order_id IS NOT NULL;

-- What is still to be published. A row leaves only after the broker has acknowledged it.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot       smallint    NOT NULL CHECK (slot >= 0),
    topic      text        NOT NULL,
    key        bytea,
    value      bytea,
    headers    bytea[]     NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX outbox_by_slot ON outbox (slot, id);

CREATE TRIGGER cases_are_kept BEFORE TRUNCATE ON cases
    EXECUTE FUNCTION refuse_change('cases are not forgotten');
CREATE TRIGGER disputes_are_kept_whole BEFORE TRUNCATE ON disputes
    EXECUTE FUNCTION refuse_change('disputes are not forgotten');
CREATE TRIGGER settlements_are_kept BEFORE TRUNCATE ON settlements
    EXECUTE FUNCTION refuse_change('settlements are not forgotten');
CREATE TRIGGER events_are_kept BEFORE TRUNCATE ON events
    EXECUTE FUNCTION refuse_change('the timeline is only added to');
