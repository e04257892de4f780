"""The consumer of `order.disputed` beside its references and its peers, and on the other broker."""

from functools import partial

from bench import drain
from bench.contestants import COPY, OURS, PEERS, PLAIN, Contestant
from bench.embedded import MOST_EVENTS, drained_on_the_embedded_broker
from bench.plan import Plan
from bench.report import Section, compared, failures
from bench.rounds import play
from bench.stage import Stage

_EMBEDDED = "this pipeline on the embedded broker"
_ALONE = "this pipeline, one member a process"


def measure(stage: Stage, plan: Plan) -> Section:
    """Events a second of each, the same disputes for all."""
    track = drain.prepare(stage, plan.events)
    others: tuple[Contestant, ...] = (PLAIN, COPY, *PEERS)
    alone = partial(stage.settings, members=1)
    turns = {
        OURS: partial(drain.drained_by_us, track),
        _ALONE: partial(drain.drained_by_us, track, alone),
    }
    if plan.events <= MOST_EVENTS:
        turns[_EMBEDDED] = partial(drained_on_the_embedded_broker, track)
    turns |= {each.name: partial(drain.drained_by, track, each) for each in others}
    results = play(turns, plan.rounds, plan.say)
    wanted = {each.name: each.wanted for each in others}
    lines = [f"Each drains {plan.events:,} disputes of fresh orders; events a second:", ""]
    return Section("consumer", [*lines, *compared(results, OURS, wanted)], failures(results))
