"""A verdict that waited, or comes back: by which keys is it judged?"""

import pytest

from schemas.reasons import Reason
from services.fates import Fate
from services.mediation import Mediation
from services.rules.outcome import Outcome
from services.signatures import VerdictKeys
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, letters
from tests.integration.mending import fates, open_letters, replayed, statuses
from tests.signatures.believing import OPENED, TOOL, mediation_with
from tests.signatures.signers import keys, signed_delivery, signer


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (keys(revoked=(signer(),)), Reason.SIGNATURE_KEY_REVOKED),
        (keys(signer("new")), Reason.SIGNATURE_KEY_UNKNOWN),
    ],
    ids=["revoked", "removed"],
)
def test_a_verdict_that_waits_is_judged_by_the_keys_of_the_day_it_comes_true(
    *,
    database: Database,
    clock: SetClock,
    deliveries: Deliveries,
    now: VerdictKeys,
    reason: Reason,
) -> None:
    early = signed_delivery(deliveries, verdict_issued())
    mediation_with(database, clock).handle([deliveries.of(order_disputed()), early])

    handled = mediation_with(database, clock, now).handle([deliveries.of(mediator_assigned())])

    assert [(each.outcome, each.reason) for each in handled] == [
        (Outcome.APPLIED, None),
        (Outcome.REJECTED, reason),
    ]
    assert not case_of(database).closed


def test_an_unsigned_verdict_that_waits_does_not_come_true_once_there_are_keys(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation_with(database, clock, None).handle(deliveries.all(order_disputed(), verdict_issued()))

    mediation_with(database, clock).handle([deliveries.of(mediator_assigned())])

    assert letters(database) == [("verdict.issued", "signature_missing")]
    assert not case_of(database).closed


def test_a_replay_asks_the_keys_of_today(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation = mediation_with(database, clock, keys(signer("old")))
    mediation.handle([*deliveries.all(*OPENED), signed_delivery(deliveries, verdict_issued())])

    still = replayed(database, clock, keys=keys(signer("old")))
    revoked = replayed(database, clock, keys=keys(revoked=(signer(),)))
    assert not case_of(database).closed
    known = replayed(database, clock, keys=TOOL)

    assert [(each.fate, each.reason) for each in (*still, *revoked)] == [
        (Fate.STILL_FAILING, Reason.SIGNATURE_KEY_UNKNOWN),
        (Fate.STILL_FAILING, Reason.SIGNATURE_KEY_REVOKED),
    ]
    assert fates(known) == [Fate.APPLIED]
    assert case_of(database).closed


def test_a_forged_verdict_is_not_replayed_from_where_no_keys_are_configured(
    strict: Mediation, database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    strict.handle([deliveries.of(verdict_issued())])

    (report,) = replayed(database, clock, open_letters(database))

    assert (report.fate, report.reason) == (Fate.STILL_FAILING, Reason.SIGNATURE_MISSING)
    assert "MEDIATION_VERDICT_KEYS" in report.explanation
    assert not case_of(database).closed
    assert statuses(database) == ["OPEN"]


def test_a_letter_of_any_other_reason_is_not_replayed_unsigned_either(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    late = mediation_with(database, clock, None)
    late.handle([deliveries.of(verdict_issued())])
    clock.advance(days=8)
    late.expire_parked("verdict.issued")
    late.handle(deliveries.all(*OPENED))

    (report,) = replayed(database, clock, keys=TOOL)

    assert (report.fate, report.reason) == (Fate.STILL_FAILING, Reason.SIGNATURE_MISSING)
    assert not case_of(database).closed
