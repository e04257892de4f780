"""When does a partition stand still?"""

from consumers.broker.stalls import GROUP, StallWatch, Standing

LIMIT = 60.0


def stood(watch: StallWatch, *looks: tuple[float, Standing]) -> list[float]:
    """Partition 0 stands like this at these times: at which of them was that too long?"""
    return [now for now, standing in looks if watch.look(now, {0: standing})]


def test_a_partition_with_messages_that_does_not_move_stands_still() -> None:
    waiting = Standing(5, 9)

    assert stood(StallWatch(LIMIT), (0, waiting), (59, waiting), (60, waiting)) == [60]


def test_one_that_is_read_to_its_end_does_not_however_long_it_stays_there() -> None:
    assert stood(StallWatch(LIMIT), (0, Standing(9, 9)), (3600, Standing(9, 9))) == []


def test_one_that_moves_does_not_however_much_is_left() -> None:
    looks = [(50.0 * turn, Standing(5 + turn, 10_000)) for turn in range(20)]

    assert stood(StallWatch(LIMIT), *looks) == []


def test_one_whose_log_began_anew_moves_too() -> None:
    watch = StallWatch(LIMIT)

    looks = [(0.0, Standing(900, 901)), *((50.0 * n, Standing(n, 100)) for n in range(1, 9))]

    assert stood(watch, *looks) == []


def test_a_position_that_is_never_found_out_stands_still() -> None:
    assert stood(StallWatch(LIMIT), (0, Standing(None, 0)), (60, Standing(None, 0))) == [60]


def test_the_time_begins_when_messages_begin_to_wait() -> None:
    looks = [(0.0, Standing(5, 5)), (500.0, Standing(5, 6)), (559.0, Standing(5, 6))]

    assert stood(StallWatch(LIMIT), *looks, (561.0, Standing(5, 6))) == [561]


def test_a_member_that_is_busy_elsewhere_is_given_ten_times_as_long() -> None:
    watch, waiting = StallWatch(LIMIT), Standing(5, 9)
    found = []

    for now in range(0, 700, 10):
        watch.busy(now)
        found += stood(watch, (now, waiting))

    assert found[0] == 10 * LIMIT


def test_what_was_paused_on_purpose_counts_anew() -> None:
    watch, waiting = StallWatch(LIMIT), Standing(5, 9)
    stood(watch, (0, waiting))

    watch.forget()

    assert stood(watch, (70, waiting), (129, waiting), (130, waiting)) == [130]


def test_a_restart_that_did_not_help_is_repeated_at_longer_and_longer_intervals() -> None:
    watch = StallWatch(LIMIT)
    restarts = []

    for now in range(0, 1000, 10):
        if stalled := watch.look(now, {3: Standing(5, 9)}):
            watch.restarted(stalled)
            restarts.append(now)

    assert restarts == [60, 190, 440, 930]


def test_a_partition_that_moved_again_is_given_no_more_patience_than_any() -> None:
    watch = StallWatch(LIMIT)
    watch.look(0, {3: Standing(5, 9)})
    watch.restarted(watch.look(60, {3: Standing(5, 9)}))

    looks = {at: bool(watch.look(at, {3: Standing(6, 9)})) for at in (70.0, 129.0, 130.0)}

    assert looks == {70: False, 129: False, 130: True}


def test_a_group_is_given_five_times_as_long_to_be_dealt() -> None:
    watch, nothing_known = StallWatch(LIMIT), {GROUP: Standing(None, 0)}

    looks = {at: bool(watch.look(at, nothing_known)) for at in (0.0, 299.0, 300.0)}

    assert looks == {0: False, 299: False, 300: True}


def test_the_partitions_of_others_are_given_five_times_as_long() -> None:
    watch, waiting = StallWatch(LIMIT), {0: Standing(5, 9)}

    looks = {at: bool(watch.look(at, waiting, ours=False)) for at in (0.0, 299.0, 300.0)}

    assert looks == {0: False, 299: False, 300: True}


def test_a_group_that_came_together_is_given_no_more_patience_than_any() -> None:
    watch, nothing_known = StallWatch(LIMIT), {GROUP: Standing(None, 0)}
    watch.look(0, nothing_known)
    watch.restarted(watch.look(300, nothing_known))
    watch.look(310, {0: Standing(5, 5)})

    looks = {at: bool(watch.look(at, nothing_known)) for at in (320.0, 619.0, 620.0)}

    assert looks == {320: False, 619: False, 620: True}


def test_a_partition_that_went_away_and_came_back_counts_anew() -> None:
    watch = StallWatch(LIMIT)
    watch.look(0, {0: Standing(5, 9)})
    watch.look(30, {1: Standing(0, 0)})

    assert stood(watch, (60, Standing(5, 9)), (119, Standing(5, 9))) == []
