"""mediator.assigned: a mediator is put in charge of a dispute (rules 3 to 5)."""

from consumers.runner import ConsumerDefinition
from schemas.topics import Topic
from services.mediation import Mediation

CONSUMER = ConsumerDefinition(
    topic=Topic.MEDIATOR_ASSIGNED,
    group="mediation.mediator-assigned",
    handler=Mediation.handle,
)
