"""colour: the attended have it, the others do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from concept_scenes import RELATIONAL, SIMPLE, make_scene, rows, with_colours

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, make_concept
from conceptgym.envs.concepts import Colour
from conceptgym.envs.concepts.sampling import hue_to_rgb
from conceptgym.envs.errors import ConceptParameterError

EPSILON = 1e-5  # colours are float32
PLACES = [(-0.5, 0.0), (0.0, 0.5), (0.5, 0.0)]
RED = Colour(hue=0.0)


def away_from_red(attended: float, others: float):
    """Rows 1 and 3 this far from the concept's red in RGB, row 2 that far."""
    colours = np.tile(RED.rgb, (MAX_ENTITIES, 1))
    colours[[1, 3], 2] += attended
    colours[2, 1] += others
    return with_colours(make_scene((0, 0), PLACES), colours)


@pytest.mark.parametrize(
    ("hue", "rgb"),
    [(0, (0.9, 0.135, 0.135)), (120, (0.135, 0.9, 0.135)), (240, (0.135, 0.135, 0.9))],
)
def test_a_hue_is_a_colour(hue: float, rgb: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(Colour(hue=hue).rgb, rgb, atol=1e-12)


@pytest.mark.parametrize(
    ("attended", "others", "residual"),
    [(0.0, 0.5, 0.0), (0.1, 0.5, 0.1), (0.1, 0.25, 0.1), (0.0, 0.1, 0.2), (0.0, 0.0, 0.3)],
)
def test_the_residual_is_the_worst_of_likeness_and_contrast(
    attended: float, others: float, residual: float
) -> None:
    scene = away_from_red(attended, others)
    assert RED.residual(scene, rows(1, 3)) == pytest.approx(residual, abs=1e-6)


def test_the_tolerance_is_015() -> None:
    assert RED.succeeds(away_from_red(0.15 - EPSILON, 0.5), rows(1, 3))
    assert not RED.succeeds(away_from_red(0.15 + EPSILON, 0.5), rows(1, 3))
    assert RED.succeeds(away_from_red(0.0, 0.15 + EPSILON), rows(1, 3))
    assert not RED.succeeds(away_from_red(0.0, 0.15 - EPSILON), rows(1, 3))


def test_one_of_two_or_everything_painted_fails() -> None:
    scene = make_scene((0, 0), PLACES, hues=[0, 120, 90])
    assert not RED.succeeds(scene, rows(1, 3))
    everything = make_scene((0, 0), PLACES, hues=[0, 0, 0])
    assert not RED.succeeds(everything, rows(1, 3))
    assert RED.succeeds(make_scene((0, 0), PLACES, hues=[0, 120, 0]), rows(1, 3))


def test_places_and_the_cursors_colour_mean_nothing() -> None:
    scene = make_scene((0, 0), PLACES, hues=[10, 120, 5])
    expected = RED.residual(scene, rows(1, 3))
    entities = scene.entities.copy()
    entities[:, :2] = entities[::-1, :2] + 0.1
    entities[0, 2:5] = RED.rgb
    assert RED.residual(replace(scene, entities=entities), rows(1, 3)) == expected


@pytest.mark.parametrize("n_objects", [*range(2, 9), 12])
def test_groups_are_told_apart_by_45_degrees(n_objects: int) -> None:
    rng = np.random.default_rng(n_objects)
    sizes = set()
    for _ in range(100):
        concept = Colour.random(rng)
        event = concept.sample(rng, n_objects=n_objects)
        colours = event.after.colours
        away = np.linalg.norm(colours - colours[event.attention].mean(axis=0), axis=1)
        assert away[event.attention].max() < 0.15
        assert away[event.after.objects & ~event.attention].min() > 0.3
        sizes.add(int(event.attention.sum()))
    largest = 3 if n_objects <= 8 else 6  # more than training ever shows
    assert sizes == set(range(1, min(largest + 1, n_objects)))


def test_an_arm_can_neither_paint_nor_move_objects() -> None:
    for name in SIMPLE:
        both = name in RELATIONAL
        assert CONCEPTS[name].tasks_on_arm == (("generate", "identify") if both else ("identify",))


def test_training_never_sees_two_arcs_of_hues_a_fifth_of_all() -> None:
    hues = np.arange(0.5, 360.0)
    hidden = np.array([Colour(hue=float(hue)).held_out for hue in hues])
    assert hidden.sum() == 72
    assert all(100 <= hue < 136 or 250 <= hue < 286 for hue in hues[hidden])
    rng = np.random.default_rng(0)
    assert all(Colour.random(rng, split="held_out").held_out for _ in range(50))
    assert not any(Colour.random(rng, split="train").held_out for _ in range(50))


def test_nearest_paints_the_attended_with_the_hue_itself() -> None:
    concept = Colour(hue=118.0)
    event = concept.sample(np.random.default_rng(0), n_objects=6)
    goal = concept.nearest(event.before, event.attention)
    for row in np.flatnonzero(goal.present):
        expected = hue_to_rgb(118.0) if event.attention[row] else event.before.colours[row]
        np.testing.assert_array_equal(goal.colours[row], np.float32(expected))


@pytest.mark.parametrize("hue", [-1.0, 361.0, float("nan")])
def test_hues_out_of_range_are_refused(hue: float) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("colour", hue=hue)
    assert str(error.value) == (
        f"hue={hue} of concept 'colour' is outside [0.0, 360.0]; choose a value in that range"
    )
