"""verdict.issued: a mediator's verdict resolves a dispute, once and for all (rules 6 to 14)."""

from consumers.runner import ConsumerDefinition
from schemas.topics import Topic
from services.mediation import Mediation

CONSUMER = ConsumerDefinition(
    topic=Topic.VERDICT_ISSUED,
    group="mediation.verdict-issued",
    handler=Mediation.handle,
)
