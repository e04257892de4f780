"""Is the list that the rules are held to the one that the code declares?"""

from services import domain_metrics
from services.audit import Invariant
from services.clock import system_clock
from services.metrics import Metrics
from services.storage.dead_letters import Status
from services.storage.figures import Age
from tests.alerts.declared import DECLARED, OPS, SERIES

FROM_THE_DATABASE = [each for each in DECLARED if each.served_by == (OPS,)]


def test_it_has_every_metric_that_a_process_keeps_of_itself() -> None:
    counted = Metrics()
    counted.loop(system_clock)
    counted.lag("order.disputed")

    found = {each.name: each.type for each in counted.registry.collect()}

    listed = [each for each in DECLARED if each not in FROM_THE_DATABASE]
    assert {each.name.removesuffix("_total"): each.kind for each in listed} == found


def test_it_has_every_metric_that_comes_from_the_database_with_its_labels() -> None:
    declared = [
        each for each in vars(domain_metrics).values() if isinstance(each, domain_metrics.Declared)
    ]

    assert {each.name: list(each.labels) for each in FROM_THE_DATABASE} == {
        each.name: list(each.labels) for each in declared
    }


def test_it_knows_the_values_of_the_labels_that_rules_are_about() -> None:
    assert SERIES["mediation_unassigned_disputes"].labels["age"] == tuple(Age)
    assert SERIES["mediation_dead_letters"].labels["status"] == tuple(Status)
    assert set(SERIES["mediation_invariant_violations"].labels["invariant"]) <= set(Invariant)
