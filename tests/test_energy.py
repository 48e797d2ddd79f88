"""The energy: its gradients by finite differences, its invariances, its value in closed form."""

import pytest
import torch
from agent_scenes import TINY, pad_rows, permuted, random_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.energy import ConceptEnergy, Scene

SEEDS = st.integers(0, 2**16)
quick = settings(max_examples=25, deadline=None, derandomize=True)


def make_energy(seed: int = 0) -> ConceptEnergy:
    torch.manual_seed(seed)
    return ConceptEnergy(TINY).double().requires_grad_(False)


def code_of(seed: int, count: int = 2) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, TINY.code_size, generator=draw, dtype=torch.float64)


ENERGY = make_energy()


@pytest.mark.parametrize("seed", range(4))
def test_gradients_match_finite_differences(seed: int) -> None:
    energy, scene = make_energy(seed), random_scene(seed, count=1, number=4, rows=5)
    variables = [
        value.clone().requires_grad_(True)
        for value in (scene.entities, scene.attention, code_of(seed, 1))
    ]

    def total(x: torch.Tensor, a: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return energy(scene.replace(entities=x, attention=a), w)

    assert torch.autograd.gradcheck(total, variables, eps=1e-6, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_second_derivatives_match_finite_differences(seed: int) -> None:
    # training differentiates the gradient once more
    energy, scene = make_energy(seed), random_scene(seed, count=1, number=3, rows=3)
    x, a = (v.clone().requires_grad_(True) for v in (scene.entities, scene.attention))
    code = code_of(seed, 1)

    def total(x: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        return energy(scene.replace(entities=x, attention=a), code)

    assert torch.autograd.gradgradcheck(total, (x, a), eps=1e-6, atol=1e-5, rtol=1e-4)


@quick
@given(seed=SEEDS)
def test_the_energy_is_never_negative(seed: int) -> None:
    assert (ENERGY(random_scene(seed), code_of(seed)) >= 0.0).all()


@quick
@given(seed=SEEDS, order=st.permutations(range(9)))
def test_the_order_of_entities_does_not_matter(seed: int, order: list[int]) -> None:
    scene, code = random_scene(seed, number=7), code_of(seed)
    other = permuted(scene, order)
    torch.testing.assert_close(ENERGY(other, code), ENERGY(scene, code))
    pairs = zip(ENERGY.residuals(other, code), ENERGY.residuals(scene, code), strict=True)
    for found, expected in pairs:
        here = scene.present[:, order] > 0
        torch.testing.assert_close(found[here], expected[:, order][here])


@quick
@given(seed=SEEDS)
def test_absent_rows_do_not_matter(seed: int) -> None:
    scene, code = random_scene(seed), code_of(seed)
    absent = scene.present == 0
    junk = torch.where(absent[..., None], 7.0 * torch.randn_like(scene.entities), scene.entities)
    other = scene.replace(entities=junk, attention=scene.attention + 0.8 * absent)
    torch.testing.assert_close(ENERGY(other, code), ENERGY(scene, code))


@pytest.mark.parametrize("rows", [6, 7, 12])
def test_the_number_of_rows_does_not_matter(rows: int) -> None:
    scene, code = random_scene(3, rows=6), code_of(3)
    longer = Scene(**{name: pad_rows(value, rows) for name, value in vars(scene).items()})
    torch.testing.assert_close(ENERGY(longer, code), ENERGY(scene, code))


@quick
@given(seed=SEEDS, x=st.floats(-2.0, 2.0), y=st.floats(-2.0, 2.0))
def test_where_in_the_plane_does_not_matter(seed: int, x: float, y: float) -> None:
    scene, code = random_scene(seed), code_of(seed)
    moved = scene.entities.clone()
    moved[..., :2] += torch.tensor([x, y])
    torch.testing.assert_close(ENERGY(scene.replace(entities=moved), code), ENERGY(scene, code))


def test_each_scene_counts_alone() -> None:
    scene, code = random_scene(5, count=3), code_of(5, 3)
    for row in range(3):
        one = Scene(**{name: value[row : row + 1] for name, value in vars(scene).items()})
        torch.testing.assert_close(ENERGY(one, code[row : row + 1])[0], ENERGY(scene, code)[row])


def test_a_silent_network_leaves_a_closed_form() -> None:
    """With all weights zero the answers are: the others' mean place, black, unattended."""
    energy = make_energy()
    for parameter in energy.parameters():
        parameter.zero_()
    scene = random_scene(6, count=1, number=5, rows=8)
    expected = 0.0
    places, colours = scene.entities[0, :5, :2], scene.entities[0, :5, 2:5]
    for i in range(5):
        others = torch.stack([places[j] for j in range(5) if j != i]).mean(0)
        expected += 0.5 * scene.movable[0, i] * (places[i] - others).square().sum()
        expected += 0.5 * scene.paintable[0, i] * colours[i].square().sum()
        expected += 0.5 * scene.attention[0, i] ** 2
    torch.testing.assert_close(energy(scene, code_of(0, 1))[0], torch.as_tensor(expected))


def test_the_residuals_of_what_may_not_be_edited_do_not_count() -> None:
    scene, code = random_scene(7), code_of(7)
    none = torch.zeros_like(scene.movable)
    static = scene.replace(movable=none, paintable=none)
    _, _, attention, extra = ENERGY.residuals(static, code)
    squares = attention.square() + extra.square().sum(-1)
    torch.testing.assert_close(ENERGY(static, code), 0.5 * (squares * scene.present).sum(-1))


def test_repeat_puts_copies_side_by_side() -> None:
    scene = random_scene(8, count=2)
    repeated = scene.repeat(3)
    for name, value in vars(repeated).items():
        assert torch.equal(value[:3], getattr(scene, name)[:1].expand_as(value[:3]))
        assert torch.equal(value[3:], getattr(scene, name)[1:].expand_as(value[3:]))
