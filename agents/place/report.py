"""The place world's outcomes as tables: success, disturbances, accuracy, limits, causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..table import Table
from ..wilson import as_percent, wilson_interval
from .causes import failures, plain
from .outcomes import CAUSES, PlaceOutcome
from .trials import ARM_CONDITIONS, CELLS, CONDITIONS

_INTRO = """# Solid objects: what the arm grasps, places and touches

`conceptgym/ArmPlace-v0`, five demonstrations in the plane, new scenes, judged on the settled state
(the rules stand in `ArmPlaceEnv`). Five episodes in a row share parameters and demonstrations, so
100 episodes are 20 sets; brackets are 95% Wilson intervals that take episodes as independent. The
command, which goes on where it was stopped:

    python scripts/evaluate_place.py --seed {seed}
"""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Tables under an introduction."""

    intro: str
    tables: tuple[Table, ...]

    @property
    def markdown(self) -> str:
        """As a page."""
        return self.intro + "\n" + "\n".join(table.markdown for table in self.tables)


def make_report(outcomes: Sequence[PlaceOutcome], *, seed: int) -> Report:
    """Tables of all outcomes."""
    tables = (_success(outcomes), _kinds(outcomes), _accuracy(outcomes), _limits(outcomes))
    return Report(intro=_INTRO.format(seed=seed), tables=(*tables, _causes(outcomes)))


def rate(outcomes: Iterable[PlaceOutcome]) -> str:
    """Successes in percent with their interval, and the number of episodes."""
    results = [outcome.success for outcome in outcomes]
    if not results:
        return "–"
    interval = wilson_interval(sum(results), len(results))
    text = as_percent(sum(results) / len(results), *interval, decimals=0)
    return f"{text} of {len(results)}"


def _success(outcomes: Sequence[PlaceOutcome]) -> Table:
    rows = []
    for name, cell in CELLS.items():
        mine = [outcome for outcome in outcomes if outcome.cell == name]
        by_condition = [
            rate(each for each in mine if each.condition == condition) for condition in CONDITIONS
        ]
        floor = "–" if cell.floor is None else f"{100 * cell.floor:.0f}%"
        rows.append((name, floor, *by_condition))
    note = (
        "Objects are cubes, cylinders and balls, unless cubes are named. disturbed: one "
        "disturbance an episode; ur5e: another arm, nothing else changed; plane: the particle "
        "world, for concepts of the same draw, shown there or on the arm. at least: what is asked "
        "for of plain."
    )
    header = ("task", "at least", *CONDITIONS)
    return Table(title="Success", header=header, rows=rows, note=note)


def _kinds(outcomes: Sequence[PlaceOutcome]) -> Table:
    undisturbed = plain(outcomes)
    rows = []
    for kind in sorted({outcome.disturb for outcome in outcomes if outcome.disturb}):
        meant = [outcome for outcome in outcomes if outcome.disturb == kind]
        mine = [outcome for outcome in meant if outcome.happened]
        pairs = [undisturbed.get((outcome.cell, outcome.episode)) for outcome in mine]
        beside = rate(pair for pair in pairs if pair is not None)
        rows.append((kind, f"{len(mine)} of {len(meant)}", rate(mine), beside))
    header = ("disturbance", "happened in", "there", "the same episodes, plain")
    note = (
        "push: an object; slip: of the grip; move: what the concept refers to. A push needs room "
        "and an object that the hand is not near; an episode may end before."
    )
    return Table(title="Kinds of disturbances", header=header, rows=rows, note=note)


def _accuracy(outcomes: Sequence[PlaceOutcome]) -> Table:
    rows = []
    for condition in ARM_CONDITIONS:
        mine = [outcome for outcome in outcomes if outcome.condition == condition]
        errors = np.concatenate([[], *[outcome.errors for outcome in mine]])
        if len(errors):
            figures = np.percentile(errors, [50, 95, 100])
            rows.append((condition, *(f"{figure:.1f}" for figure in figures), str(len(errors))))
    header = ("condition", "median [mm]", "95th percentile [mm]", "largest [mm]", "placements")
    note = (
        "Between the planned place of an object and where it came to lie after the hand let it go. "
        "What was pushed afterwards counts as it lay when the hand had withdrawn."
    )
    return Table(title="Planned against executed", header=header, rows=rows, note=note)


def _limits(outcomes: Sequence[PlaceOutcome]) -> Table:
    figures: list[tuple[str, str, Callable[[list[PlaceOutcome]], float]]] = [
        ("joint beyond its limit [rad], most", "{:.4f}", _most("joint_limit_violation")),
        ("joint velocity, share of its limit, most", "{:.2f}", _most("velocity_share")),
        ("joint torque, share of its limit, most", "{:.2f}", _most("torque_share")),
        ("steps with table contact", "{:.0f}", _sum("table_contacts")),
        ("steps with self-collision", "{:.0f}", _sum("self_contacts")),
        ("steps with palm or arm on an object", "{:.0f}", _sum("link_contacts")),
        ("contact force on an object [N], most", "{:.0f}", _most("peak_force")),
        ("the same, 95th percentile of episodes [N]", "{:.0f}", _percentile("peak_force", 95)),
    ]
    conditions = [name for name in ARM_CONDITIONS if any(o.condition == name for o in outcomes)]
    by_name = {name: [o for o in outcomes if o.condition == name] for name in conditions}
    rows = [
        (label, *(form.format(of(by_name[name])) for name in conditions))
        for label, form, of in figures
    ]
    counts = ("episodes", *(str(len(by_name[name])) for name in conditions))
    note = (
        "Torques are the motors', what holds the arm up included, and clipped at their limits: "
        "1.00 is the limit itself."
    )
    header = ("over all episodes", *conditions)
    return Table(title="Limits and contacts", header=header, rows=[counts, *rows], note=note)


def _causes(outcomes: Sequence[PlaceOutcome]) -> Table:
    rows = []
    found = Counter((outcome.condition, cause) for outcome, cause in failures(outcomes))
    for condition in ARM_CONDITIONS:
        episodes = sum(outcome.condition == condition for outcome in outcomes)
        if episodes:
            counts = (str(found[condition, cause]) for cause in CAUSES)
            rows.append((condition, str(episodes), *counts))
    note = (
        "plan: everything planned was carried out, and the concept did not hold, or no plan "
        "could be carried out; grasp, transport, placement, touch: the stage of the last attempt "
        "that did not come off; disturbance: the episode's disturbance had happened, and the same "
        "episode undisturbed is a success."
    )
    return Table(
        title="Causes of failures", header=("condition", "episodes", *CAUSES), rows=rows, note=note
    )


def _most(name: str) -> Callable[[list[PlaceOutcome]], float]:
    return lambda outcomes: max(getattr(outcome, name) for outcome in outcomes)


def _sum(name: str) -> Callable[[list[PlaceOutcome]], float]:
    return lambda outcomes: sum(getattr(outcome, name) for outcome in outcomes)


def _percentile(name: str, share: float) -> Callable[[list[PlaceOutcome]], float]:
    return lambda outcomes: float(np.percentile([getattr(o, name) for o in outcomes], share))
