"""Does a published story come out whole in `mediation case show`?"""

import pytest

from tests.e2e.commands import Dev, Mediation
from tests.e2e.stories import as_lines, closed_case, partial_refund

pytestmark = pytest.mark.slow


def test_a_story_told_backwards_ends_in_the_same_case(dev: Dev) -> None:
    opened, assigned, decided = partial_refund("backwards")

    published = dev.mediation(
        "publish", "-", "-o", "json", stdin=as_lines(decided, assigned, opened)
    )
    case = closed_case(dev, "backwards")

    assert published.json == {"mediator.assigned": 1, "order.disputed": 1, "verdict.issued": 1}
    assert case["restrictions"] == {"frozen": False, "chat_locked": True, "reviews_blocked": True}
    assert {name: each["amount"] for name, each in case["disputes"][0]["money"].items()} == {
        "captured": "100.00 EUR",
        "of_which_fees": "5.00 EUR",
        "of_which_commission": "10.00 EUR",
        "refund_to_buyer": "40.00 EUR",
        "payout_to_seller": "49.21 EUR",
        "kept_by_platform": "10.79 EUR",
        "left_in_escrow": "0.00 EUR",
    }
    assert [(each["sequence"], each["topic"]) for each in case["effects"]] == [
        (1, "order.frozen"),
        (2, "chat.locked"),
        (3, "mediation.opened"),
        (4, "order.closed"),
        (5, "review.blocked"),
        (6, "refund.requested"),
        (7, "payout.requested"),
        (8, "dispute.resolved"),
    ]


def test_the_page_shows_what_became_of_each_event_and_no_escape_sequence(dev: Dev) -> None:
    opened, assigned, decided = partial_refund("told")
    dev.mediation("publish", "-", stdin=as_lines(decided))
    dev.mediation("publish", "-", stdin=as_lines(opened, assigned))
    closed_case(dev, "told")

    page = dev.mediation("case", "show", "told").out

    assert "deferred" in page
    assert "then applied" in page
    assert r"Half is \x1b[31mmissing." in page
    assert "\x1b" not in page
    assert "PARTIAL_REFUND because WORK_PARTLY_CONFORMING" in page


def test_an_order_nobody_heard_of_is_a_problem(mediation: Mediation) -> None:
    ended = mediation("case", "show", "nobody\x1b[2J")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: nothing is known of order nobody\\x1b[2J\n"
