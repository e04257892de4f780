"""What mediation does to the reviews of an order.

Rule: an order closed by mediation can never be reviewed; a relaunch is no closure (rule 14), so
nothing ever lifts the block.
"""

from schemas.effects import ReviewBlocked
from services.rules.change import Change, E


def block(change: Change[E]) -> None:
    """The order can never be reviewed (rule 14)."""
    change.reviews_blocked = True
    change.emit(ReviewBlocked(**change.stamp(ReviewBlocked.topic)))
