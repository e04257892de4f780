"""With keys configured, which verdicts count?"""

from dataclasses import replace

import pytest

from schemas.events import VerdictDecision
from schemas.reasons import Reason
from schemas.signatures import KEY_ID_HEADER, SIGNATURE_HEADER
from services.mediation import Mediation
from services.messages import Message
from services.rules.outcome import Outcome
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, letters
from tests.signatures.believing import OPENED, mediation_with
from tests.signatures.signers import keys, signed, signed_delivery, signer


def outcome(mediation: Mediation, message: Message) -> tuple[Outcome, Reason | None]:
    (handled,) = mediation.handle([message])
    return handled.outcome, handled.reason


def test_a_signed_verdict_is_applied(
    strict: Mediation, deliveries: Deliveries, database: Database
) -> None:
    message = signed_delivery(deliveries, verdict_issued())

    assert outcome(strict, message) == (Outcome.APPLIED, None)
    assert case_of(database).closed


def test_an_unsigned_verdict_is_refused_and_its_id_is_still_free(
    strict: Mediation, deliveries: Deliveries, database: Database
) -> None:
    verdict = verdict_issued()

    assert outcome(strict, deliveries.of(verdict)) == (Outcome.REJECTED, Reason.SIGNATURE_MISSING)
    assert not case_of(database).closed
    assert outcome(strict, signed_delivery(deliveries, verdict)) == (Outcome.APPLIED, None)


def test_a_signature_over_one_verdict_is_none_over_another(
    strict: Mediation, deliveries: Deliveries
) -> None:
    honest = signed_delivery(deliveries, verdict_issued())
    other = deliveries.of(verdict_issued(decision=VerdictDecision.PAY_SELLER))

    found = outcome(strict, replace(other, headers=honest.headers))

    assert found == (Outcome.REJECTED, Reason.SIGNATURE_INVALID)


@pytest.mark.parametrize("key", [b"order-2", b"", None])
def test_a_verdict_moved_to_another_key_is_refused(
    strict: Mediation, deliveries: Deliveries, key: bytes | None
) -> None:
    honest = signed_delivery(deliveries, verdict_issued())

    found = outcome(strict, replace(honest, key=key))

    assert found == (Outcome.REJECTED, Reason.SIGNATURE_INVALID)


def test_a_stranger_s_verdict_is_refused(strict: Mediation, deliveries: Deliveries) -> None:
    message = signed_delivery(deliveries, verdict_issued(), by=signer("stranger"))

    assert outcome(strict, message) == (Outcome.REJECTED, Reason.SIGNATURE_KEY_UNKNOWN)


@pytest.mark.parametrize("name", [KEY_ID_HEADER, SIGNATURE_HEADER])
def test_two_headers_of_a_name_are_no_signature(
    strict: Mediation, deliveries: Deliveries, name: str
) -> None:
    honest = signed_delivery(deliveries, verdict_issued())
    again = (name, dict(honest.headers)[name])

    found = outcome(strict, replace(honest, headers=(*honest.headers, again)))

    assert found == (Outcome.REJECTED, Reason.SIGNATURE_INVALID)


def test_other_events_need_no_signature(database: Database, clock: SetClock) -> None:
    handled = mediation_with(database, clock).handle(Deliveries().all(*OPENED))

    assert [each.outcome for each in handled] == [Outcome.APPLIED, Outcome.APPLIED]


def test_without_keys_a_verdict_needs_no_signature_and_may_have_any(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation = mediation_with(database, clock, None)
    stranger = signed_delivery(deliveries, verdict_issued(), by=signer("stranger"))

    handled = mediation.handle([*deliveries.all(*OPENED), stranger])

    assert [each.outcome for each in handled] == [Outcome.APPLIED] * 3


def test_the_same_verdict_again_is_ignored(strict: Mediation, deliveries: Deliveries) -> None:
    message = signed_delivery(deliveries, verdict_issued())
    strict.handle([message])

    moved_on = replace(message, partition=7, offset=100)

    assert outcome(strict, moved_on) == (Outcome.IGNORED, None)


def test_an_old_verdict_after_a_relaunch_changes_nothing(
    strict: Mediation, deliveries: Deliveries, database: Database
) -> None:
    refused = signed_delivery(deliveries, verdict_issued())
    relaunch = signed_delivery(deliveries, verdict_issued(decision=VerdictDecision.RELAUNCH))
    strict.handle([relaunch, refused])
    strict.handle(
        deliveries.all(
            order_disputed(dispute_id="dispute-2"), mediator_assigned(dispute_id="dispute-2")
        )
    )

    found = [outcome(strict, replace(each, offset=9)) for each in (relaunch, refused)]

    assert found == [(Outcome.IGNORED, None), (Outcome.IGNORED, None)]
    assert letters(database) == [("verdict.issued", "verdict_final")]
    assert not case_of(database).closed


def test_both_keys_count_while_one_replaces_the_other(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    old, new = signer("old"), signer("new")
    mediation = mediation_with(database, clock, keys(old, new))
    mediation.handle(deliveries.all(*OPENED))
    relaunch = verdict_issued(decision=VerdictDecision.RELAUNCH)

    assert outcome(mediation, signed_delivery(deliveries, relaunch, by=old))[0] is Outcome.APPLIED
    mediation.handle(
        deliveries.all(
            order_disputed(dispute_id="dispute-2"), mediator_assigned(dispute_id="dispute-2")
        )
    )
    second = verdict_issued(dispute_id="dispute-2")
    assert outcome(mediation, signed_delivery(deliveries, second, by=new))[0] is Outcome.APPLIED


def test_what_a_revoked_key_signed_is_refused_whatever_time_it_bears(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation = mediation_with(database, clock, keys(revoked=(signer(),)))
    mediation.handle(deliveries.all(*OPENED))

    found = outcome(mediation, signed_delivery(deliveries, verdict_issued()))

    assert found == (Outcome.REJECTED, Reason.SIGNATURE_KEY_REVOKED)
    assert not case_of(database).closed


def test_a_forgery_in_the_name_of_a_revoked_key_is_a_forgery(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation = mediation_with(database, clock, keys(revoked=(signer(),)))
    honest = signed_delivery(deliveries, verdict_issued())

    found = outcome(mediation, replace(honest, value=(honest.value or b"")[:-1] + b"\x01"))

    assert found == (Outcome.REJECTED, Reason.SIGNATURE_INVALID)


def test_what_counted_before_its_key_was_revoked_counts_on(
    strict: Mediation, deliveries: Deliveries, database: Database, clock: SetClock
) -> None:
    message = signed_delivery(deliveries, verdict_issued())
    strict.handle([message])

    again = outcome(mediation_with(database, clock, keys(revoked=(signer(),))), message)

    assert again == (Outcome.IGNORED, None)
    assert case_of(database).closed


def test_a_message_without_a_value_is_refused_for_that(strict: Mediation) -> None:
    message = signed(Deliveries().of_bytes("verdict.issued", b"x"))

    found = outcome(strict, replace(message, value=None))

    assert found == (Outcome.REJECTED, Reason.MISSING_VALUE)
