-- The restrictions of an order are held to its disputes as before, at the end of each transaction, and
-- with the same words. But an order is looked at only if something was done to it that could make the
-- two unfit: a sequence that rises, a mediator who is assigned and an empty new row cannot.

-- In the order in which a consumer comes to them, so that the two cannot wait for each other.
LOCK TABLE cases, disputes IN ACCESS EXCLUSIVE MODE;

-- One question instead of two. Each EXISTS is a look into the partial index that was made for it.
CREATE OR REPLACE FUNCTION compare_case_with_disputes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM cases
        WHERE order_id = NEW.order_id AND (
            frozen <> EXISTS (
                SELECT FROM disputes WHERE order_id = NEW.order_id AND state <> 'RESOLVED')
            OR reviews_blocked <> EXISTS (
                SELECT FROM disputes WHERE order_id = NEW.order_id AND decision <> 'RELAUNCH')))
    THEN
        RAISE EXCEPTION 'order %: the restrictions do not fit its disputes', NEW.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- A consumer takes an order without a row for one never heard of, and asks no more about it. So a row
-- stays where it is (that a dispute stays with its order is held already).
CREATE TRIGGER cases_stay BEFORE DELETE ON cases
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a case is not forgotten');
CREATE TRIGGER cases_stay_with_their_order BEFORE UPDATE ON cases
    FOR EACH ROW WHEN (OLD.order_id <> NEW.order_id)
    EXECUTE FUNCTION refuse_change('the order of a case does not change');

DROP TRIGGER cases_fit_their_disputes ON cases;
DROP TRIGGER disputes_fit_their_case ON disputes;

CREATE CONSTRAINT TRIGGER cases_fit_their_disputes AFTER UPDATE ON cases
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        (OLD.frozen, OLD.reviews_blocked) IS DISTINCT FROM (NEW.frozen, NEW.reviews_blocked))
    EXECUTE FUNCTION compare_case_with_disputes();
CREATE CONSTRAINT TRIGGER new_cases_fit_their_disputes AFTER INSERT ON cases
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.frozen OR NEW.reviews_blocked)
    EXECUTE FUNCTION compare_case_with_disputes();

-- A dispute restricts its order until it is resolved, and after that by any verdict but a relaunch.
CREATE CONSTRAINT TRIGGER disputes_fit_their_case AFTER UPDATE ON disputes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        (OLD.state = 'RESOLVED', OLD.decision)
        IS DISTINCT FROM (NEW.state = 'RESOLVED', NEW.decision))
    EXECUTE FUNCTION compare_case_with_disputes();
CREATE CONSTRAINT TRIGGER new_disputes_fit_their_case AFTER INSERT ON disputes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        NEW.state <> 'RESOLVED' OR NEW.decision <> 'RELAUNCH')
    EXECUTE FUNCTION compare_case_with_disputes();
