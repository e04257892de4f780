"""Is any of ten thousand forgeries taken for a verdict?"""

import pytest

from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.reasons import Reason
from services.flood import FloodGate
from services.mediation import Mediation
from services.rules.case import DisputeState
from services.rules.outcome import Outcome
from services.signatures import SIGNATURE_REASONS
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of
from tests.signatures.forging import (
    FORGERS,
    OTHER_TOOL,
    STOLEN,
    TOOL,
    forgeries,
    honest_verdicts,
)
from tests.signatures.signers import keys

MANY = 10_000
THROUGH_THE_PIPELINE = 1_100
BELIEVED = keys(TOOL, OTHER_TOOL, revoked=(STOLEN,))


def test_what_the_tools_signed_is_believed() -> None:
    assert [BELIEVED.examine(message) for message in honest_verdicts()] == [None] * 40


def test_none_of_ten_thousand_forgeries_is_believed() -> None:
    reasons: dict[str, set[Reason]] = {}
    for way, forgery in forgeries(MANY):
        try:
            refusal = BELIEVED.examine(forgery)
        except ContractError as error:
            refusal = error
        assert refusal is not None, f"{way}: {forgery}"
        reasons.setdefault(way, set()).add(refusal.reason)

    assert len(reasons) == len(FORGERS)
    assert set().union(*reasons.values()) == SIGNATURE_REASONS
    assert reasons["a_thief_with_a_revoked_key"] == {Reason.SIGNATURE_KEY_REVOKED}
    assert reasons["one_that_a_stranger_signed"] == {Reason.SIGNATURE_KEY_UNKNOWN}
    assert reasons["the_same_signature_written_otherwise"] == {Reason.SIGNATURE_INVALID}


@pytest.mark.slow
def test_no_forgery_moves_anything_and_the_honest_verdicts_still_count(
    database: Database, clock: SetClock, deliveries: Deliveries
) -> None:
    mediation = Mediation(
        *(PostgresStore(database), Codec()),
        group="mediation.test",
        clock=clock,
        flood=FloodGate(limit=1.0),
        keys=BELIEVED,
    )
    orders = [(f"dispute-{n}", f"order-{n}") for n in range(40)]
    for dispute, order in orders:
        opened = order_disputed(dispute_id=dispute, order_id=order)
        assigned = mediator_assigned(dispute_id=dispute, order_id=order)
        mediation.handle(deliveries.all(opened, assigned))

    forged = mediation.handle([each for _, each in forgeries(THROUGH_THE_PIPELINE, seed=2)])
    states = {case_of(database, order).disputes[0].state for _, order in orders}
    honest = mediation.handle(honest_verdicts())

    assert {each.outcome for each in forged} == {Outcome.REJECTED}
    assert {each.reason for each in forged} == SIGNATURE_REASONS
    assert states == {DisputeState.IN_MEDIATION}
    assert {each.outcome for each in honest} == {Outcome.APPLIED}
