"""The energy: its gradients by finite differences, its invariances, its value in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from agent_scenes import (
    ORDER,
    PLACES,
    TINY,
    attending,
    pad_rows,
    permuted,
    random_codes,
    random_scene,
    rotation,
    rows_of,
    turned,
    weight_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.code import PLAIN_SIZE, Code
from conceptgym.agents.config import EnergyConfig
from conceptgym.agents.energy import ConceptEnergy
from conceptgym.agents.scene import Scene

SEEDS = st.integers(0, 2**16)
KINDS = st.sampled_from(["as it is", "static"])
VARIANTS = [
    TINY,
    replace(TINY, pairs=False),
    replace(TINY, pairs=False, closed_forms=False),
    replace(TINY, separate_codes=True),
]
quick = settings(max_examples=25)


def make_energy(config: EnergyConfig = TINY, *, seed: int = 0) -> ConceptEnergy:
    torch.manual_seed(seed)
    return ConceptEnergy(config).double().requires_grad_(False)


def make_scene(seed: int, kind: str = "as it is", *, count: int = 2) -> Scene:
    codes = random_codes(seed, count=count)
    scene = attending(random_scene(seed, count=count, number=8), codes, noise=0.5)
    return scene.as_static() if kind == "static" else scene


def code_of(seed: int, count: int = 2, config: EnergyConfig = TINY) -> torch.Tensor:
    return random_codes(seed, count=count, size=config.learned_size)


ENERGY = make_energy()


def smooth(energy: ConceptEnergy) -> ConceptEnergy:
    """Blind to ranks, which change by steps and have no gradient."""
    weight_of(energy, "network.embed.weight")[:, ORDER] = 0.0
    return energy


def flat_energy(
    energy: ConceptEnergy, scene: Scene, code: torch.Tensor
) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor]:
    """E of (M, V) points: positions and colours, attention and w as one vector, and where it is.

    `scene` and `code` are one of each.
    """
    parts = [scene.entities[..., :5], scene.attention, code]
    sizes = [part.numel() for part in parts]

    def total(points: torch.Tensor) -> torch.Tensor:
        x, a, w = points.split(sizes, dim=1)
        copies = scene.repeat(len(points))
        x = x.view(len(points), -1, 5)
        entities = torch.cat([x, copies.entities[..., 5:]], -1)
        return energy(copies.replace(entities=entities, attention=a), w)

    return total, torch.cat([part.flatten() for part in parts])


def slopes(function: Callable[[torch.Tensor], torch.Tensor], point: torch.Tensor) -> torch.Tensor:
    """Central differences (V, ...) of a function of (M, V) at a point (V,), all at once."""
    step = 1e-6 * torch.eye(len(point), dtype=point.dtype)
    high, low = function(point + step), function(point - step)
    return (high - low) / 2e-6


@pytest.mark.parametrize("kind", ["as it is", "static"])
@pytest.mark.parametrize("config", VARIANTS)
def test_gradients_match_finite_differences(config: EnergyConfig, kind: str) -> None:
    """By positions, colours, attention and every part of w."""
    for seed in range(3):
        scene = make_scene(seed, kind, count=1)
        energy = smooth(make_energy(config, seed=seed))
        total, point = flat_energy(energy, scene, code_of(seed, 1, config))
        variable = point.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(total(variable[None]).sum(), variable)
        torch.testing.assert_close(gradient, slopes(total, point), rtol=1e-4, atol=1e-7)
        x, a, w = gradient.split([45, 9, energy.code_size])
        x = x.view(9, 5)
        for part in (x[:, :2], x[:, 2:], a, w[:-PLAIN_SIZE], w[-PLAIN_SIZE:]):
            assert part.count_nonzero() > 3


@pytest.mark.parametrize("kind", ["as it is", "static"])
def test_second_derivatives_match_finite_differences(kind: str) -> None:
    """Some objectives differentiate the gradient once more."""
    scene = make_scene(1, kind, count=1)
    total, point = flat_energy(smooth(make_energy(seed=1)), scene, code_of(1, 1))

    def gradient(points: torch.Tensor) -> torch.Tensor:
        variable = points.detach().clone().requires_grad_(True)
        (found,) = torch.autograd.grad(total(variable).sum(), variable, create_graph=True)
        return found

    way = torch.randn(len(point), generator=torch.Generator().manual_seed(0)).double()
    variable = point.clone().requires_grad_(True)
    (first,) = torch.autograd.grad(total(variable[None]).sum(), variable, create_graph=True)
    (second,) = torch.autograd.grad((first * way).sum(), variable)
    expected = slopes(lambda points: (gradient(points) * way).sum(1).detach(), point)
    torch.testing.assert_close(second, expected, rtol=1e-3, atol=1e-5)


@quick
@given(seed=SEEDS, kind=KINDS)
def test_the_energy_is_never_negative(seed: int, kind: str) -> None:
    assert (ENERGY(make_scene(seed, kind), code_of(seed)) >= 0.0).all()


@quick
@given(seed=SEEDS, kind=KINDS, order=st.permutations(range(9)))
def test_the_order_of_entities_does_not_matter(seed: int, kind: str, order: list[int]) -> None:
    scene, code = make_scene(seed, kind), code_of(seed)
    other = permuted(scene, order)
    torch.testing.assert_close(ENERGY(other, code), ENERGY(scene, code))
    pairs = zip(ENERGY.residuals(other, code), ENERGY.residuals(scene, code), strict=True)
    for found, expected in pairs:
        here = scene.present[:, order] > 0
        torch.testing.assert_close(found[here], expected[:, order][here])


@quick
@given(seed=SEEDS, kind=KINDS)
def test_what_absent_rows_hold_does_not_matter(seed: int, kind: str) -> None:
    scene, code = make_scene(seed, kind), code_of(seed)
    absent = scene.present == 0
    entities = scene.entities.clone()
    entities[..., :5] += 7.0 * torch.randn_like(entities[..., :5]) * absent[..., None]
    other = scene.replace(entities=entities, attention=scene.attention + 0.8 * absent)
    torch.testing.assert_close(ENERGY(other, code), ENERGY(scene, code))


@pytest.mark.parametrize("kind", ["as it is", "static"])
@pytest.mark.parametrize("rows", [9, 10, 14])
def test_the_number_of_absent_rows_does_not_matter(rows: int, kind: str) -> None:
    scene, code = make_scene(3, kind), code_of(3)
    longer = scene.map(lambda value: pad_rows(value, rows))
    torch.testing.assert_close(ENERGY(longer, code), ENERGY(scene, code))


def without_places(config: EnergyConfig = TINY) -> ConceptEnergy:
    """An energy that sees no absolute places, and pushes nothing in an absolute direction."""
    energy = make_energy(config)
    weight_of(energy, "network.embed.weight")[:, PLACES] = 0.0
    weight_of(energy, "head.2.weight")[:2] = 0.0
    weight_of(energy, "head.2.bias")[:2] = 0.0
    set_box(energy, [0.0, 0.0, 1.0, 1.0])
    return energy


def set_box(energy: ConceptEnergy, box: list[float]) -> None:
    """Let every code name the box of this middle and these halves of its sides."""
    middle, half = torch.tensor(box).chunk(2)
    weight_of(energy, "box.2.weight")[:] = 0.0
    weight_of(energy, "box.2.bias")[:] = torch.cat([middle, half.logit(eps=1e-9)])


@quick
@given(seed=SEEDS)
def test_drawn_into_a_box_alone_the_energy_is_half_the_squared_distance_from_it(seed: int) -> None:
    energy, scene = make_energy(), make_scene(seed, "as it is")
    for name in ("head.2.weight", "head.2.bias", "pair_head.weight", "pair_head.bias"):
        weight_of(energy, name)[:] = 0.0
    weight_of(energy, "head.2.bias")[5] = 1.0  # the box's gate
    set_box(energy, [0.3, -0.2, 0.1, 0.4])
    nearest = torch.stack(
        [scene.positions[..., 0].clamp(0.2, 0.4), scene.positions[..., 1].clamp(-0.6, 0.2)], -1
    )
    away = (scene.positions - nearest) * (scene.movable * scene.present)[..., None]
    torch.testing.assert_close(energy(scene, code_of(seed)), 0.5 * away.square().sum((1, 2)))


def in_the_middle(scene: Scene) -> Scene:
    """So close together that no figure meets the plane's edge."""
    entities = scene.entities.clone()
    entities[..., :2] *= 0.15
    return scene.replace(entities=entities)


@quick
@given(seed=SEEDS, kind=KINDS, angle=st.floats(-3.0, 3.0))
def test_scene_and_code_may_be_turned_together(seed: int, kind: str, angle: float) -> None:
    scene, energy = in_the_middle(make_scene(seed, kind)), without_places()
    code = Code.split(code_of(seed))
    other = Code(**{**vars(code), "offset": code.offset @ rotation(angle).T}).join()
    there = turned(scene, angle)
    torch.testing.assert_close(energy(there, other), energy(scene, code.join()))
    position, colour, attention = energy.residuals(scene, code.join())
    expected = (position @ rotation(angle).T, colour, attention)
    for found, wanted in zip(energy.residuals(there, other), expected, strict=True):
        torch.testing.assert_close(found, wanted)


@quick
@given(seed=SEEDS, kind=KINDS, x=st.floats(-0.1, 0.1), y=st.floats(-0.1, 0.1))
def test_where_in_the_plane_matters_by_the_absolute_places_alone(
    seed: int, kind: str, x: float, y: float
) -> None:
    scene, code = in_the_middle(make_scene(seed, kind)), code_of(seed)
    moved = scene.entities.clone()
    moved[..., :2] += torch.tensor([x, y]) * scene.present[..., None]
    there, energy = scene.replace(entities=moved), without_places()
    torch.testing.assert_close(energy(there, code), energy(scene, code))
    if abs(x) > 0.01:
        assert not torch.allclose(ENERGY(there, code), ENERGY(scene, code), rtol=1e-9, atol=0.0)


def test_each_scene_counts_alone() -> None:
    for kind in ("as it is", "static"):
        scene, code = make_scene(5, kind, count=3), code_of(5, 3)
        together = ENERGY(scene, code)
        for row in range(3):
            alone = ENERGY(rows_of(scene, [row]), code[row : row + 1])
            torch.testing.assert_close(alone[0], together[row])


OUTPUTS = {
    "shift": (0, 1),
    "pull": 2,
    "offset": 3,
    "figure": 4,
    "box": 5,
    "tint": 6,
    "answer": 7,
}
PAIR_OUTPUTS = {"nearness": 0, "radial": 1, "blend": 2}


def silent_energy(**outputs: float) -> ConceptEnergy:
    """All weights zero, so that every entity and pair puts out the same numbers, 0 or as given."""
    energy = make_energy()
    for parameter in energy.parameters():
        parameter.zero_()
    for name, value in outputs.items():
        if name in OUTPUTS:
            weight_of(energy, "head.2.bias")[torch.tensor(OUTPUTS[name])] = value
        else:
            weight_of(energy, "pair_head.bias")[PAIR_OUTPUTS[name]] = value
    return energy


def expected_energy(scene: Scene, code: Code, **outputs: float) -> torch.Tensor:
    """The same entity by entity, as the module's text has it, for one scene without a figure."""
    value = dict.fromkeys((*OUTPUTS, *PAIR_OUTPUTS), 0.0) | outputs
    here = [row for row in range(scene.present.shape[1]) if scene.present[0, row]]
    total = torch.zeros(())
    for i in here:
        others = [j for j in here if j != i]
        gaps = scene.positions[0, others] - scene.positions[0, i]
        units = gaps / (gaps.square().sum(-1, keepdim=True) + 1e-4).sqrt()
        move = value["shift"] + value["pull"] * gaps.mean(0) + value["radial"] * units.sum(0)
        move = move + value["offset"] * code.offset[0]
        paint = value["tint"] * (code.colour[0] - scene.colours[0, i])
        paint = paint + value["blend"] * (scene.colours[0, others] - scene.colours[0, i]).sum(0)
        lacking = scene.movable[0, i] * move.square().sum()
        lacking = lacking + scene.paintable[0, i] * paint.square().sum()
        if scene.static:
            lacking = (scene.attention[0, i] - value["answer"]) ** 2
        total = total + 0.5 * lacking
    return total


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"shift": 0.3},
        {"pull": 1.0},
        {"offset": -0.7},
        {"radial": 0.2},
        {"tint": 1.0},
        {"blend": 0.1},
        {"answer": 0.8},
        {"shift": 0.1, "pull": 0.5, "offset": 1.0, "radial": -0.1, "tint": 0.5, "blend": 0.2},
    ],
)
def test_a_silent_network_leaves_a_closed_form(outputs: dict[str, float]) -> None:
    code = Code.split(code_of(6, 1))
    for kind in ("as it is", "static"):
        scene = make_scene(6, kind, count=1)
        found = silent_energy(**outputs)(scene, code.join())[0]
        torch.testing.assert_close(found, expected_energy(scene, code, **outputs).double())


def test_the_figure_leads_to_where_it_fits_best() -> None:
    """With that gate alone open, one step down the gradient forms the code's figure."""
    codes = random_codes(7)
    scene = in_the_middle(attending(random_scene(7, number=8), codes))
    scene = scene.replace(movable=scene.attention)
    energy = silent_energy(figure=1.0)
    position, _, _ = energy.residuals(scene, codes)
    entities = scene.entities.clone()
    entities[..., :2] -= position
    assert (energy(scene, codes) > 1e-3).all()
    after = energy(scene.replace(entities=entities), codes)
    torch.testing.assert_close(after, torch.zeros(2).double(), atol=1e-6, rtol=0)


def test_nearness_chooses_whom_to_go_to() -> None:
    """What a message says decides the weights of the others: here, all go to the cursor."""
    energy = silent_energy(pull=1.0)
    weight_of(energy, "network.embed.weight")[0, 0] = 1.0  # the first feature marks the cursor
    for name in ("network.rounds.2.sender.weight", "network.rounds.2.message.1.weight"):
        weight_of(energy, name)[0, 0] = 10.0
    weight_of(energy, "pair_head.weight")[0, 0] = 1.0
    scene = make_scene(8)
    position, _, _ = energy.residuals(scene, code_of(8))
    others = (scene.present * (1.0 - scene.cursor)) > 0
    cursor = scene.positions[:, 1:2].expand_as(scene.positions)
    torch.testing.assert_close((scene.positions - position)[others], cursor[others])


def test_static_scenes_count_attention_and_others_what_may_be_edited() -> None:
    scene, code = make_scene(9), code_of(9)
    position, colour, _ = ENERGY.residuals(scene, code)
    squares = (position.square() * scene.movable[..., None]).sum((1, 2))
    squares = squares + (colour.square() * scene.paintable[..., None]).sum((1, 2))
    torch.testing.assert_close(ENERGY(scene, code), 0.5 * squares)
    static = scene.as_static()
    _, _, attention = ENERGY.residuals(static, code)
    expected = 0.5 * (attention.square() * scene.present).sum(1)
    torch.testing.assert_close(ENERGY(static, code), expected)
    nothing = torch.zeros_like(scene.movable)
    fixed = scene.replace(movable=nothing, paintable=nothing)
    assert not ENERGY(fixed, code).any()


def test_separate_codes_serve_one_question_each() -> None:
    config = replace(TINY, separate_codes=True)
    energy, size = make_energy(config), config.code_size
    assert energy.code_size == 2 * size + PLAIN_SIZE
    codes = code_of(10, config=config)
    for kind, used in (("as it is", 0), ("static", 1)):
        scene = make_scene(10, kind)
        for half in (0, 1):
            other = codes.clone()
            other[:, half * size : (half + 1) * size] += 1.0
            same = torch.equal(energy(scene, other), energy(scene, codes))
            assert same == (half != used)


def test_without_pairs_there_are_no_weights_of_pairs() -> None:
    with_pairs, without = (make_energy(config) for config in VARIANTS[:2])
    names = [name for name, _ in without.named_parameters()]
    assert not [name for name in names if "pair" in name or "receiver" in name]
    assert with_pairs.code_size == without.code_size == TINY.code_size + PLAIN_SIZE


def test_without_closed_forms_the_figure_is_told_as_it_is() -> None:
    """With them it is told by how it lies on the entities, of which it takes more than one."""
    config = replace(TINY, pairs=False, closed_forms=False)
    scene, codes = make_scene(0), code_of(0)
    other = codes.clone()
    other[:, -1] += 0.5
    for energy, differs in ((make_energy(config), True), (make_energy(), False)):
        alone = scene.replace(attention=torch.zeros_like(scene.attention))
        one, two = (energy(alone, each) for each in (codes, other))
        assert torch.equal(one, two) != differs
