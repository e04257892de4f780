"""order.disputed: a dispute freezes its order and locks the chat (rules 1 and 2)."""

from consumers.runner import ConsumerDefinition
from schemas.topics import Topic
from services.mediation import Mediation

CONSUMER = ConsumerDefinition(
    topic=Topic.ORDER_DISPUTED,
    group="mediation.order-disputed",
    handler=Mediation.handle,
)
