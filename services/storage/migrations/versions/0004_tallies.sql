-- The figures of the disputes: how many there are in each state, how long they waited, what was decided,
-- whose the money is. Each is a sum over the rows of `disputes`, kept by the statements that write them,
-- in their own transactions: so what was committed counts, once, whoever wrote it. Only added to:
-- processes of the release before this one go on working, and what they do is counted too.

-- In the order in which a consumer writes to them, so that the two cannot wait for each other.
LOCK TABLE disputes, dead_letters IN SHARE ROW EXCLUSIVE MODE;

-- A figure is the sum of its rows. Each statement adds rows of its own, so that no two transactions wait
-- for each other here; now and then the rows of a figure are folded into one.
CREATE TABLE tallies (
    figure text    NOT NULL,
    labels text[]  NOT NULL,
    amount numeric NOT NULL
);

-- The upper bounds of the buckets of a histogram, in seconds; a bound itself still belongs below it.
CREATE FUNCTION assignment_bounds() RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[60, 300, 900, 3600, 10800, 21600, 43200, 86400, 129600, 172800, 259200, 432000, 604800]
$$;
CREATE FUNCTION resolution_bounds() RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[3600, 21600, 43200, 86400, 172800, 259200, 432000, 604800, 1209600, 2592000]
$$;
CREATE FUNCTION bounds_exceeded(bounds integer[], seconds numeric) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT width_bucket(seconds - 0.000001, bounds::numeric[]) -- which counts those that are reached
$$;

-- What so many disputes that are alike in all that is counted come to.
CREATE FUNCTION figures_of(
    number bigint, state text, currency text, decision text, within integer, waited numeric,
    resolved_within integer, took numeric, refund numeric, payout numeric, platform numeric
) RETURNS TABLE (figure text, labels text[], amount numeric) LANGUAGE sql IMMUTABLE AS $$
    SELECT * FROM (VALUES
        ('disputes', ARRAY[state], number::numeric),
        ('assignments', ARRAY[coalesce((assignment_bounds())[within + 1]::text, '+Inf')],
            CASE WHEN within IS NOT NULL THEN number END),
        ('assignment_seconds', '{}', waited),
        ('resolutions', ARRAY[coalesce((resolution_bounds())[resolved_within + 1]::text, '+Inf')],
            CASE WHEN resolved_within IS NOT NULL THEN number END),
        ('resolution_seconds', '{}', took),
        ('verdicts', ARRAY[decision], CASE WHEN decision IS NOT NULL THEN number END),
        ('money', ARRAY['REFUND', currency], refund),
        ('money', ARRAY['PAYOUT', currency], payout),
        ('money', ARRAY['PLATFORM', currency], platform)
    ) AS each_of_them (figure, labels, amount)
    WHERE amount <> 0
$$;

-- All of it counted anew. Who was assigned, or decided, before the dispute was opened (clocks differ)
-- took no time.
CREATE VIEW tallies_anew AS
    SELECT figure, labels, sum(amount) AS amount
    FROM (
        SELECT count(*) AS number, state, currency, decision,
            bounds_exceeded(assignment_bounds(), extract(epoch FROM assigned_at - opened_at)) AS within,
            sum(extract(epoch FROM assigned_at - opened_at)) FILTER (WHERE assigned_at > opened_at) AS waited,
            bounds_exceeded(resolution_bounds(), extract(epoch FROM resolved_at - opened_at)) AS resolved_within,
            sum(extract(epoch FROM resolved_at - opened_at)) FILTER (WHERE resolved_at > opened_at) AS took,
            sum(refund_minor) AS refund, sum(payout_minor) AS payout, sum(platform_minor) AS platform
        FROM disputes
        GROUP BY state, currency, decision, within, resolved_within
    ) AS alike, figures_of(number, state, currency, decision, within, waited, resolved_within, took,
                           refund, payout, platform)
    GROUP BY figure, labels;

-- The same for the rows that a statement has written (1), and for what they were before (-1).
CREATE FUNCTION tally_disputes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies
    SELECT figure, labels, TG_ARGV[0]::integer * sum(amount)
    FROM (
        SELECT count(*) AS number, state, currency, decision,
            bounds_exceeded(assignment_bounds(), extract(epoch FROM assigned_at - opened_at)) AS within,
            sum(extract(epoch FROM assigned_at - opened_at)) FILTER (WHERE assigned_at > opened_at) AS waited,
            bounds_exceeded(resolution_bounds(), extract(epoch FROM resolved_at - opened_at)) AS resolved_within,
            sum(extract(epoch FROM resolved_at - opened_at)) FILTER (WHERE resolved_at > opened_at) AS took,
            sum(refund_minor) AS refund, sum(payout_minor) AS payout, sum(platform_minor) AS platform
        FROM written
        GROUP BY state, currency, decision, within, resolved_within
    ) AS alike, figures_of(number, state, currency, decision, within, waited, resolved_within, took,
                           refund, payout, platform)
    GROUP BY figure, labels;
    RETURN NULL;
END $$;

CREATE TRIGGER disputes_new_are_counted AFTER INSERT ON disputes
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tally_disputes('1');
CREATE TRIGGER disputes_changed_are_counted AFTER UPDATE ON disputes
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tally_disputes('1');
CREATE TRIGGER disputes_as_they_were_are_not AFTER UPDATE ON disputes
    REFERENCING OLD TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tally_disputes('-1');

INSERT INTO tallies SELECT figure, labels, amount FROM tallies_anew;

-- What is looked at every few seconds beside the tallies; for the disputes that wait, 0005 has an index.
CREATE INDEX dead_letters_by_kind ON dead_letters (topic, reason, status);
