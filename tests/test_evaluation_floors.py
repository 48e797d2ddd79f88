"""Floors: the worst of several groups counts, and what is missed is said to be."""

from __future__ import annotations

from evaluation_scenes import CARE, outcomes

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.floors import FLOORS, floors_table
from conceptgym.agents.wilson import wilson_interval


def rate(successes: int, episodes: int) -> str:
    low, high = (100.0 * end for end in wilson_interval(successes, episodes))
    return f"{100.0 * successes / episodes:.1f} ({low:.1f}-{high:.1f})"


def table(*parts: list[Outcome]) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in floors_table([i for part in parts for i in part]).rows}


def test_only_what_was_measured_has_a_row() -> None:
    assert table() == {}
    assert list(table(outcomes(9, 10))) == ["new scenes, each concept", "new scenes, mean"]


def test_the_worst_group_counts_and_the_mean_is_over_all() -> None:
    rows = table(outcomes(10, 10), outcomes(8, 10, concept="closest"))
    assert rows["new scenes, each concept"] == (
        "at least 90", f"closest: {rate(8, 10)}", "-", "no",
    )  # fmt: skip
    assert rows["new scenes, mean"] == ("at least 95", rate(18, 20), "-", "no")


def test_both_tasks_must_meet_a_floor() -> None:
    good, bad = outcomes(95, 100), outcomes(94, 100, task="identify")
    assert table(good)["new scenes, mean"][-1] == "yes"
    assert table(good, bad)["new scenes, mean"] == (
        "at least 95", rate(95, 100), rate(94, 100), "no",
    )  # fmt: skip


def test_losses_are_points_against_the_same_group_undisturbed() -> None:
    rows = table(
        outcomes(10, 10),
        outcomes(9, 10, condition="wrong"),
        outcomes(10, 10, concept="quantity"),
        outcomes(8, 10, concept="quantity", condition="wrong"),
    )
    assert rows["one wrong demonstration of five, mean"] == (
        "loses at most 10", f"15.0, to {rate(17, 20)} from {rate(20, 20)}", "-", "no",
    )  # fmt: skip
    assert rows["one wrong demonstration of five, each family"][1:] == (
        f"quantity: 20.0, to {rate(8, 10)} from {rate(10, 10)}", "-", "no",
    )  # fmt: skip


def test_a_loss_needs_both_sides_and_a_gain_is_none() -> None:
    assert table(outcomes(9, 10, condition="jitter-5")) == {}
    arm = outcomes(10, 10, world="arm", arm=CARE)
    assert table(outcomes(9, 10), arm)["on the arm, each concept"] == (
        "loses at most 5", f"near: -10.0, to {rate(10, 10)} from {rate(9, 10)}", "-", "yes",
    )  # fmt: skip


def test_numbers_and_figures_are_told_apart_and_others_do_not_count() -> None:
    rows = table(
        outcomes(10, 10, concept="quantity", variant="5"),
        outcomes(9, 10, concept="quantity", variant="6"),
        outcomes(0, 10, method="chance"),
        outcomes(0, 10, concept="touch"),
    )
    assert rows["quantity, each number"] == ("at least 95", f"6: {rate(9, 10)}", "-", "no")
    assert rows["new scenes, mean"][1] == rate(19, 20)


def test_what_is_only_reported_is_neither_met_nor_missed() -> None:
    rows = table(outcomes(1, 10, concept="three distances", level=4))
    assert rows["three at once, mean"] == ("reported", rate(1, 10), "-", "-")


def test_every_floor_asks_for_one_thing() -> None:
    for floor in FLOORS:
        assert floor.least is None or floor.most_lost is None
        assert (floor.most_lost is None) == (floor.against is None)
    assert len({floor.what for floor in FLOORS}) == len(FLOORS)
