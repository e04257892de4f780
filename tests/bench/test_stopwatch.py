"""Does every nanosecond belong to one part?"""

import threading
from collections.abc import Callable

import pytest

from bench.profiled import PARTS, found
from bench.stopwatch import Stopwatch


def ticking() -> Callable[[], int]:
    """A clock that goes on by one whenever it is asked."""
    now = iter(range(1000))
    return lambda: next(now)


def test_a_part_is_not_charged_for_what_it_calls() -> None:
    watch = Stopwatch(ticking())

    watch.start("outer")  # 0
    watch.start("inner")  # 1
    watch.stop()  # 2
    watch.stop()  # 3

    assert watch.own == {"outer": 2, "inner": 1}


def test_a_part_inside_itself_is_counted_once() -> None:
    watch = Stopwatch(ticking())

    watch.start("same")  # 0
    watch.start("same")  # 1
    watch.stop()  # 2
    watch.stop()  # 3

    assert watch.own == {"same": 3}
    assert watch.calls == {"same": 2}


def test_a_call_that_finds_nothing_may_be_another_part() -> None:
    watch = Stopwatch(ticking())

    found = watch.around("poll", lambda found: found, if_empty="waiting")
    found([])
    found(["a message"])

    assert watch.own == {"waiting": 1, "poll": 1}
    assert watch.calls == {"waiting": 1, "poll": 1}


def test_each_thread_has_a_watch_of_its_own() -> None:
    watch = Stopwatch(ticking())
    other = threading.Thread(target=watch.around("other", lambda: None))

    watch.start("here")  # 0
    other.start()  # 1 and 2
    other.join()
    watch.stop()  # 3

    assert watch.own == {"here": 3, "other": 1}


def test_a_part_that_raises_is_stopped_all_the_same() -> None:
    watch = Stopwatch(ticking())

    def fails() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        watch.around("fails", fails)()
    watch.start("next")
    watch.stop()

    assert watch.own == {"fails": 1, "next": 1}


def test_each_part_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in PARTS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("module", "path"), [each[1:] for each in PARTS])
def test_each_part_is_where_the_profile_looks_for_it(module: str, path: str) -> None:
    owner, name = found(module, path)

    assert callable(getattr(owner, name))


def test_a_part_that_was_renamed_is_an_error() -> None:
    with pytest.raises(AttributeError, match="gather"):
        found("services.docket", "Docket.gather")
