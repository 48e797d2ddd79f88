"""What demonstrations plainly show: values by hand, support, and the figure they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from agent_scenes import demonstration, demonstrations, draw_event, rows_of
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from conceptgym.agents.scene import Scene
from conceptgym.agents.summary import EXTRAS, SUPPORTS, VALUES, Summary, summarise
from conceptgym.agents.tensors import stack_demonstrations
from conceptgym.envs import Demonstration
from conceptgym.envs.concepts.alignment import align
from conceptgym.envs.concepts.figure import Figure
from conceptgym.envs.entities import ZONE_RADIUS

quick = settings(max_examples=15)
SUPPORTED = ("offset", "distance", "place", "colour", "touched", "figure")


def summary_of(shown: list[Demonstration], given: list[float] | None = None) -> Summary:
    before, after = stack_demonstrations(shown)
    return summarise(before, after, torch.tensor([given or [1.0] * len(shown)]))


def values_of(summary: Summary) -> dict[str, torch.Tensor]:
    """(K, length) of each value of the only set."""
    parts = summary.values[0].split(list(VALUES.values()), dim=-1)
    return dict(zip(VALUES, parts, strict=True))


def support_of(summary: Summary) -> dict[str, torch.Tensor]:
    return dict(zip(SUPPORTED, summary.support[0].unbind(-1), strict=True))


def figures(points: str | Figure, seeds: range, *, jitter: float = 0.0) -> list[Demonstration]:
    """Demonstrations of a figure whose points are a little out of place."""
    figure = points if isinstance(points, Figure) else Figure(points=points)
    shown = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        event = figure.sample(rng, n_objects=figure.num_objects[0] + seed % 2)
        entities = event.after.entities.copy()
        entities[event.attention, :2] += jitter * rng.normal(size=(len(figure.points), 2))
        path = np.stack([event.before.entities, entities])
        shown.append(Demonstration.of(path, event))
    return shown


def misfit_of(summary: Summary, figure: Figure) -> float:
    """How far the only set's template is from a figure, in whatever pose and order."""
    points = summary.template[0].double().numpy()[: len(figure.points)] @ np.array([1.0, 1.0j])
    return align(points, figure.template).misfit


def figure_of(summary: Summary) -> Figure:
    """The only set's template as a figure."""
    count = int(summary.number.mul(10.0).round())
    return Figure(points=tuple((x, y) for x, y in summary.template[0, :count].double().tolist()))


def test_shapes_are_as_announced() -> None:
    before, after = stack_demonstrations(demonstrations("near", 4))
    found = summarise(before, after, torch.ones(2, 2))
    assert found.values.shape == (2, 2, sum(VALUES.values()))
    assert found.support.shape == (2, 2, SUPPORTS) and len(SUPPORTED) == SUPPORTS
    assert found.extras.shape == (2, 2, EXTRAS)
    assert found.template.shape == (2, 6, 2)
    assert found.number.shape == found.misfit.shape == (2, 1)


def test_values_are_those_of_the_demonstrated_end() -> None:
    """Two attended objects; all values from the arrays, by hand."""
    found = {name: v[0] for name, v in values_of(summary_of(demonstrations("between", 1))).items()}
    event = draw_event("between", seed=0)
    places, colours = event.after.positions.astype(float), event.after.colours.astype(float)
    (rows,) = event.attention.nonzero()
    cursor, middle = places[event.after.cursor], places[rows].mean(axis=0)
    away = np.sqrt(np.sum((places[rows] - cursor) ** 2, axis=1) + 1e-4)
    apart = np.linalg.norm(places - middle, axis=1)
    expected = {
        "offset": cursor - middle,
        "distance": [away.mean()],
        "place": middle,
        "square": np.mean(places[rows] ** 2, axis=0),
        "colour": colours[rows].mean(axis=0),
        "touched": colours[rows[away.argmin()]],
        "inside": [np.count_nonzero((apart < ZONE_RADIUS) & event.after.objects) / 10.0],
        "number": [0.2],
    }
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name].numpy(), value, atol=1e-6, err_msg=name)


def test_objects_in_the_attended_zone_are_counted() -> None:
    shown = demonstrations("quantity", 3)
    inside = values_of(summary_of(shown))["inside"][:, 0] * 10.0
    assert inside.round().tolist() == [3.0] * 3  # the concept's default


def test_extras_say_what_was_changed() -> None:
    """Scatter of places and of colours, whether objects moved, whether colours changed."""
    named = {
        name: summary_of(demonstrations(name, 2)).extras[0, :, :4]
        for name in ("between", "square", "colour")
    }
    assert not named["between"][:, 2:].any()  # only the cursor moves
    assert (named["square"][:, 2] > 0.5).all() and not named["square"][:, 3].any()
    assert not named["colour"][:, 2].any() and (named["colour"][:, 3] > 0.5).all()
    assert named["between"][:, 0].min() > 0.1 and named["between"][:, 1].min() > 0.01


def test_equal_demonstrations_support_each_other_fully_and_a_stray_one_has_none() -> None:
    demo = demonstrations("at_distance", 1)[0]
    path = demo.trajectory.copy()
    row = int(np.argmax(path[-1, :, 5]))
    path[-1, row, :2] = -path[-1, row, :2] + 1.0  # the cursor elsewhere
    found = support_of(summary_of([demo, demo, demo, replace(demo, trajectory=path)]))
    for name in ("offset", "distance"):
        assert found[name][:3] == pytest.approx([2 / 3] * 3, abs=0.1)
        assert found[name][3] < 0.1
    assert found["colour"].tolist() == pytest.approx([1.0] * 4)


def test_support_falls_as_a_normal_distribution_does() -> None:
    one, other = (demonstrations("colour", 2)[k] for k in (0, 1))
    found = summary_of([one, other])
    colours = values_of(found)["colour"]
    expected = torch.exp(-0.5 * (colours[0] - colours[1]).square().sum() / 0.2**2)
    assert support_of(found)["colour"].tolist() == pytest.approx([float(expected)] * 2)


def test_a_single_demonstration_supports_itself() -> None:
    assert summary_of(demonstrations("near", 1)).support.tolist() == [[[1.0] * SUPPORTS]]


@pytest.mark.parametrize("shown", [1, 2, 3])
def test_what_is_not_given_does_not_matter(shown: int) -> None:
    demos = figures("zigzag", range(4))
    padded = summary_of(demos, [1.0] * shown + [0.0] * (4 - shown))
    alone = summary_of(demos[:shown])
    for name in ("number", "misfit"):
        torch.testing.assert_close(getattr(padded, name), getattr(alone, name))
    assert misfit_of(padded, figure_of(alone)) < 1e-3  # in whatever pose
    for name in ("values", "support", "extras"):
        torch.testing.assert_close(getattr(padded, name)[:, :shown], getattr(alone, name))
    assert not padded.support[:, shown:].any()


def test_sets_of_a_batch_do_not_mix() -> None:
    demos = [*figures("L", range(3)), *demonstrations("near", 3)]
    before, after = stack_demonstrations(demos)
    both = summarise(before, after, torch.ones(2, 3))
    for number in range(2):
        rows = list(range(3 * number, 3 * number + 3))
        alone = summarise(before[rows], rows_of(after, rows), torch.ones(1, 3))
        for name, value in vars(alone).items():
            torch.testing.assert_close(getattr(both, name)[number], value[0])


@quick
@for_all(seed=st.integers(0, 999), shown=st.integers(1, 5))
def test_the_template_is_the_figure_up_to_similarity(seed: int, shown: int) -> None:
    figure = Figure.random(np.random.default_rng(seed))
    assert isinstance(figure, Figure)
    found = summary_of(figures(figure, range(seed, seed + shown)))
    number, template = len(figure.points), found.template[0]
    assert misfit_of(found, figure) < 1e-3
    assert found.number.item() == pytest.approx(number / 10.0)
    assert found.misfit.item() < 1e-3
    assert support_of(found)["figure"].min() > 0.99
    assert not template[number:].any()
    torch.testing.assert_close(template.sum(0), torch.zeros(2), atol=1e-4, rtol=0)
    assert template.square().sum().item() == pytest.approx(number, rel=1e-3)
    apart = (template[:, None] - template).norm(dim=-1)[:number, :number]
    assert apart[0, 1].item() == pytest.approx(apart.max().item(), rel=1e-3)


@quick
@for_all(seed=st.integers(0, 999), order=st.permutations(range(4)))
def test_the_order_of_demonstrations_does_not_matter(seed: int, order: list[int]) -> None:
    figure = Figure.random(np.random.default_rng(seed))
    assert isinstance(figure, Figure)
    demos = figures(figure, range(seed, seed + 4), jitter=0.01)
    one, other = summary_of(demos), summary_of([demos[number] for number in order])
    for name in ("values", "support", "extras"):
        expected = getattr(one, name)[:, order]
        torch.testing.assert_close(getattr(other, name), expected, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(other.misfit, one.misfit, atol=1e-4, rtol=1e-3)
    assert misfit_of(other, figure_of(one)) < 1e-3


@pytest.mark.parametrize("wrong", range(5))
def test_one_wrong_figure_among_five_does_not_count(wrong: int) -> None:
    right = Figure(points="pentagon")
    demos = figures(right, range(5), jitter=0.01)
    demos[wrong] = figures("L", range(9, 10))[0]
    found = summary_of(demos)
    assert misfit_of(found, right) < 0.1 < misfit_of(found, Figure(points="L"))
    support = support_of(found)["figure"]
    others = [number for number in range(5) if number != wrong]
    assert support[wrong] < 0.2 and support[others].min() > 0.8


@pytest.mark.parametrize("wrong", range(3))
def test_one_of_another_number_has_no_say(wrong: int) -> None:
    right = Figure(points="zigzag")
    demos = figures(right, range(3))
    demos[wrong] = figures("pentagon", range(9, 10))[0]
    found = summary_of(demos)
    assert misfit_of(found, right) < 1e-3
    assert found.number.item() == pytest.approx(0.4)
    assert support_of(found)["figure"][wrong] == 0.0


def test_noise_averages_out() -> None:
    right = Figure(points="L")
    misfits = {
        shown: np.mean(
            [
                misfit_of(summary_of(figures(right, range(s, s + shown), jitter=0.03)), right)
                for s in range(0, 80, 8)
            ]
        )
        for shown in (1, 8)
    }
    assert misfits[8] < 0.6 * misfits[1]


def test_where_the_attended_form_no_figure_there_is_no_template() -> None:
    events = [draw_event("near", seed=seed, n_objects=9) for seed in range(3)]
    pairs = [demonstration(event) for event in events]
    crowds = [
        replace(pair, attention=e.after.objects) for pair, e in zip(pairs, events, strict=True)
    ]
    for demos in (pairs, crowds):  # too few, and too many
        found = summary_of(demos)
        assert not found.template.any() and found.misfit.item() == 1.0
        assert support_of(found)["figure"].tolist() == [1.0] * 3


def test_what_is_no_object_is_no_point_of_a_figure() -> None:
    """An attended zone, or an attended cursor, is not counted among the points."""
    demos = figures("square", range(2))
    with_cursor = [
        replace(demo, attention=demo.attention | (demo.after[:, 5] > 0.5)) for demo in demos
    ]
    found = summary_of(with_cursor)
    assert found.number.item() == pytest.approx(0.4)
    assert misfit_of(found, Figure()) < 1e-3


def test_zones_alone_make_no_figure() -> None:
    before, after = stack_demonstrations(demonstrations("quantity", 2))
    assert isinstance(after, Scene)
    found = summarise(before, after, torch.ones(1, 2))
    assert found.number.item() == 0.0 and not found.template.any()
