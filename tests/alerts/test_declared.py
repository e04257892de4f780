"""Is the list that the rules are held to the one that the code declares?"""

from consumers.bootstrap import OPS
from services import declared
from services.audit import Invariant
from services.clock import system_clock
from services.metrics import Metrics, tell_build
from services.storage.dead_letters import Status
from services.storage.figures import Age
from tests.alerts.declared import DECLARED, SERIES

FROM_THE_DATABASE = [each for each in DECLARED if each.served_by == (OPS,)]
OF_A_PROCESS = [each for each in DECLARED if each not in FROM_THE_DATABASE]


def test_it_has_every_metric_that_a_process_keeps_of_itself() -> None:
    assert {each.name: (each.kind, list(each.labels)) for each in OF_A_PROCESS} == {
        each.name: (each.kind, list(each.labels)) for each in declared.OF_A_PROCESS
    }


def test_it_has_every_metric_that_comes_from_the_database_with_its_labels() -> None:
    assert {each.name: (each.kind, list(each.labels)) for each in FROM_THE_DATABASE} == {
        each.name: (each.kind, list(each.labels)) for each in declared.OF_THE_DOMAIN
    }


def test_a_process_serves_what_is_declared_and_nothing_else() -> None:
    counted = Metrics()
    counted.loop(system_clock)
    counted.lag("order.disputed")
    tell_build(counted.registry, "0.1.0", "order-disputed")

    found = {each.name: (each.type, each.documentation) for each in counted.registry.collect()}

    assert found == {
        each.name.removesuffix("_total"): (each.kind, each.means) for each in declared.OF_A_PROCESS
    }


def test_everything_that_is_declared_is_in_one_of_the_two_lists_once() -> None:
    every = [each for each in vars(declared).values() if isinstance(each, declared.Declared)]

    assert every == [*declared.OF_THE_DOMAIN, *declared.OF_A_PROCESS]
    assert len({each.name for each in every}) == len(every)


def test_it_knows_the_values_of_the_labels_that_rules_are_about() -> None:
    assert SERIES["mediation_unassigned_disputes"].labels["age"] == tuple(Age)
    assert SERIES["mediation_dead_letters"].labels["status"] == tuple(Status)
    assert set(SERIES["mediation_invariant_violations"].labels["invariant"]) <= set(Invariant)
