-- What the operations console and the figures ask again and again, so that no question reads a whole
-- table: the disputes of a state by age, and the dead letters of a status by age. Only indexes.

CREATE INDEX disputes_of_a_state ON disputes (state, opened_at, dispute_id);
CREATE INDEX dead_letters_of_a_status ON dead_letters (status, first_seen_at, dead_letter_id)
    INCLUDE (topic, reason);
