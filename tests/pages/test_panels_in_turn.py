"""Turns: never more at once than there are, in the order of coming, and none for who is not wanted any more."""

from __future__ import annotations

import threading

import pytest

from bcos_core.wanted import GivenUp
from pages.widgets.turns import Turns, cost_of

SECONDS = 30.0


def waiting(turns: Turns, number: int) -> None:
    """Until so many wait."""
    with turns._changed:
        assert turns._changed.wait_for(lambda: len(turns._waiting) == number, SECONDS)


def begin(
    turns: Turns, place: str, order: list[str], go_on: threading.Event | None = None, *, cost: float = 1.0
) -> threading.Thread:
    def work() -> None:
        with turns.take(cost=cost):
            order.append(place)
            if go_on is not None:
                assert go_on.wait(SECONDS)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_who_comes_first_is_served_first_and_no_more_than_there_are_turns() -> None:
    turns, order, go_on = Turns(2), [], threading.Event()  # type: ignore[var-annotated]
    threads = [begin(turns, place, order, go_on) for place in "ab"]
    with turns._changed:
        assert turns._changed.wait_for(lambda: turns._free == 0, SECONDS)
    for number, place in enumerate("cde", 1):
        threads.append(begin(turns, place, order))
        waiting(turns, number)
    assert sorted(order) == ["a", "b"]
    go_on.set()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(order[2:]) == ["c", "d", "e"] and turns._free == 2


def test_of_those_who_wait_the_first_goes_on_first() -> None:
    turns, order = Turns(1), []  # type: ignore[var-annotated]
    threads = []
    with turns.take():
        for number, place in enumerate("abcd", 1):
            threads.append(begin(turns, place, order))
            waiting(turns, number)
    for thread in threads:
        thread.join(SECONDS)
    assert order == ["a", "b", "c", "d"]


def test_what_takes_least_goes_before_what_came_first() -> None:
    turns, order = Turns(1), []  # type: ignore[var-annotated]
    threads = []
    with turns.take():
        for number, (place, cost) in enumerate({"a": 102.0, "b": 2.0, "c": 102.0, "d": 2.0, "e": 34.0}.items(), 1):
            threads.append(begin(turns, place, order, cost=cost))
            waiting(turns, number)
    for thread in threads:
        thread.join(SECONDS)
    assert order == ["b", "d", "e", "a", "c"]


def test_a_heatmap_of_one_pass_costs_least() -> None:
    usual = [cost_of(method) for method in ("bcos", "input_x_gradient", "occlusion", "integrated_gradients")]
    assert usual == [1 + 1, 1 + 1, 1 + 32, 52 + 50] and cost_of("integrated_gradients", 3) == 3 * 102
    assert cost_of(None) == 1 + 1  # what a language model is explained by unless it is asked otherwise


def test_who_is_not_wanted_any_more_gives_up_the_place() -> None:
    turns, order = Turns(1), []  # type: ignore[var-annotated]
    with turns.take():
        with pytest.raises(GivenUp), turns.take(lambda: True):
            order.append("never")
        waiting(turns, 0)
    with turns.take(lambda: True):  # free at once: nobody has to wait
        order.append("at once")
    assert order == ["at once"]


def test_a_turn_is_given_back_after_an_error() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.take():
        raise ValueError("broken")
    with turns.take():
        pass
