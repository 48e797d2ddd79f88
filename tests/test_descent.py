"""The optimiser: closed-form minima, monotone energies, projection, and why it stopped."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.descent import CONVERGED, SPENT, STALLED, descend

Energy = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
quick = settings(max_examples=25)


def quadratic(seed: int, *, condition: float = 3.0) -> tuple[Energy, torch.Tensor]:
    """½ (x - c)ᵀ A (x - c) with eigenvalues of A in [1 / condition, 1], and c (3,)."""
    draw = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(3, 3, generator=draw, dtype=torch.float64))
    matrix = basis @ torch.diag(torch.linspace(1.0 / condition, 1.0, 3).double()) @ basis.T
    centre = torch.randn(3, generator=draw, dtype=torch.float64)

    def energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        gap = value - centre
        return 0.5 * torch.einsum("pi,ij,pj->p", gap, matrix, gap)

    return energy, centre


def within_one(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    return value.clamp(-1.0, 1.0)


def starts(seed: int, count: int = 4) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 3.0 * torch.randn(count, 3, generator=draw, dtype=torch.float64)


@quick
@given(seed=st.integers(0, 999))
def test_it_finds_the_minimum_of_a_quadratic(seed: int) -> None:
    energy, centre = quadratic(seed)
    found = descend(energy, starts(seed), iterations=100, tolerance=1e-8)
    torch.testing.assert_close(found.value, centre.expand(4, 3), atol=1e-7, rtol=0)
    assert found.reasons == (CONVERGED,) * 4
    assert found.iterations < 100


def test_an_energy_of_unit_curvature_takes_one_step() -> None:
    centre = torch.tensor([0.3, -2.0])
    found = descend(
        lambda x, rows: 0.5 * (x - centre).square().sum(1), torch.zeros(2, 2), iterations=9
    )
    assert found.iterations == 1 and found.reasons == (CONVERGED,) * 2
    torch.testing.assert_close(found.value, centre.expand(2, 2))
    torch.testing.assert_close(found.initial_energy, torch.full((2,), 2.045))
    assert found.energy.tolist() == [0.0, 0.0]


def test_at_the_minimum_there_is_nothing_to_do() -> None:
    energy, centre = quadratic(0)
    found = descend(energy, centre[None].clone(), iterations=10)
    assert found.iterations == 0 and found.reasons == (CONVERGED,)
    assert torch.equal(found.value, centre[None])


def bumpy(value: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
    return (3.0 * value).sin().sum(1) + 0.5 * value.square().sum(1)


@pytest.mark.parametrize("step_size", [0.3, 1.0, 20.0])
def test_no_iteration_raises_an_energy(step_size: float) -> None:
    levels = [
        descend(bumpy, starts(1), iterations=number, step_size=step_size).energy
        for number in range(15)
    ]
    torch.testing.assert_close(levels[0], bumpy(starts(1)))
    for before, after in zip(levels, levels[1:], strict=False):
        assert (after <= before).all()
    assert (levels[-1] < levels[0]).all()


@quick
@given(seed=st.integers(0, 999))
def test_the_projection_is_kept_and_the_constrained_minimum_found(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    centre = 2.0 * torch.randn(3, generator=draw, dtype=torch.float64)
    stiffness = 0.3 + 0.7 * torch.rand(3, generator=draw, dtype=torch.float64)
    seen = []

    def energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        seen.append(value.detach())
        return 0.5 * (stiffness * (value - centre).square()).sum(1)

    found = descend(energy, starts(seed), iterations=200, project=within_one, tolerance=1e-8)
    assert all(value.abs().max() <= 1.0 for value in seen)
    expected = centre.clamp(-1.0, 1.0)  # the stiffness is diagonal
    torch.testing.assert_close(found.value, expected.expand(4, 3), atol=1e-7, rtol=0)


def test_it_says_that_the_iterations_were_spent() -> None:
    energy, _ = quadratic(0, condition=1000.0)
    found = descend(energy, starts(0), iterations=3, tolerance=1e-9)
    assert found.iterations == 3 and found.reasons == (SPENT,) * 4


def test_it_says_that_no_step_lowers_the_energy() -> None:
    found = descend(lambda x, rows: x.abs().sum(1), torch.tensor([[0.3]]), iterations=100)
    assert found.reasons == (STALLED,)
    assert found.reasons[0].startswith("stalled")
    assert abs(float(found.value)) < 1e-2


def test_without_iterations_the_start_is_returned() -> None:
    energy, _ = quadratic(0)
    start = 5.0 * starts(0)
    found = descend(energy, start, iterations=0, project=within_one)
    assert torch.equal(found.value, start.clamp(-1, 1))
    assert torch.equal(found.energy, found.initial_energy)
    assert found.iterations == 0 and found.reasons == (SPENT,) * 4


def test_steps_that_lead_out_of_the_energys_domain_are_not_taken() -> None:
    """x - log x has its minimum at 1 and is NaN below 0, where long steps lead."""
    start = torch.tensor([[3.0], [0.01]], dtype=torch.float64)
    found = descend(
        lambda x, rows: (x - x.log()).sum(1), start, iterations=100, step_size=10.0, tolerance=1e-8
    )
    torch.testing.assert_close(found.value, torch.ones(2, 1).double(), atol=1e-4, rtol=0)


CENTRES = torch.linspace(-2.0, 2.0, 5, dtype=torch.float64)


def own_energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Each row has its own centre and stiffness; the first, of stiffness one, ends at once."""
    stiffness = 1.0 / (1.0 + 2.0 * rows.double())
    return 0.5 * stiffness * (value - CENTRES[rows, None]).square().sum(1)


def own_bounds(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    bound = (0.5 + rows.double())[:, None]
    return torch.maximum(torch.minimum(value, bound), -bound)


def test_rows_are_descended_independently() -> None:
    """Rows of very different difficulty end where each ends alone."""
    start = torch.cat([starts(2), torch.zeros(1, 3).double()])
    together = descend(bumpy, start, iterations=12)
    alone = [descend(bumpy, row[None], iterations=12) for row in start]
    for row, single in enumerate(alone):
        torch.testing.assert_close(together.value[row], single.value[0], atol=1e-12, rtol=0)
        assert together.reasons[row] == single.reasons[0]
    assert together.iterations == max(single.iterations for single in alone)
    assert together.best == int(torch.stack([single.energy[0] for single in alone]).argmin())


def test_rows_are_told_by_their_numbers() -> None:
    """Energy and projection may differ from row to row, also after others have ended."""
    start = 4.0 * starts(3, 5)
    together = descend(own_energy, start, iterations=400, project=own_bounds, tolerance=1e-9)
    for row in range(5):
        number = torch.tensor([row])
        alone = descend(
            lambda x, _, n=number: own_energy(x, n),
            start[row : row + 1],
            iterations=400,
            project=lambda x, _, n=number: own_bounds(x, n),
            tolerance=1e-9,
        )
        torch.testing.assert_close(together.value[row], alone.value[0], atol=1e-12, rtol=0)
        torch.testing.assert_close(together.energy[row], alone.energy[0])
        assert together.reasons[row] == alone.reasons[0] == CONVERGED
        expected = CENTRES[row].clamp(-0.5 - row, 0.5 + row).expand(3)
        torch.testing.assert_close(together.value[row], expected, atol=1e-6, rtol=0)


def test_rows_that_have_ended_are_left_out_of_the_work() -> None:
    asked: list[list[int]] = []

    def energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        assert len(value) == len(rows)
        asked.append(rows.tolist())
        return own_energy(value, rows)

    found = descend(energy, 4.0 * starts(3, 5), iterations=400)
    assert asked[0] == [0, 1, 2, 3, 4]
    assert 0 not in asked[2]  # converged in the first step
    for rows, later in zip(asked[1:], asked[2:], strict=False):
        assert set(later) <= set(rows)
    assert len(asked) == found.iterations + 1


def test_reasons_are_told_row_by_row() -> None:
    def energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        smooth, kinked = 0.5 * value.square().sum(1), value.abs().sum(1)
        slow = 0.5e-3 * value.square().sum(1)
        return torch.where(rows == 0, smooth, torch.where(rows == 1, kinked, slow))

    found = descend(energy, torch.full((3, 1), 0.3), iterations=40, tolerance=1e-6)
    assert found.reasons == (CONVERGED, STALLED, SPENT)


def test_nothing_is_left_to_differentiate() -> None:
    energy, _ = quadratic(0)
    with torch.no_grad():
        found = descend(energy, starts(0).requires_grad_(True), iterations=5)
    assert not found.value.requires_grad and not found.energy.requires_grad


def test_the_start_is_left_alone() -> None:
    start = starts(4)
    kept = start.clone()
    found = descend(quadratic(0)[0], start, iterations=5)
    assert torch.equal(start, kept) and not torch.equal(found.value, start)


def test_a_gradient_that_is_not_finite_is_reported_with_its_variables() -> None:
    seen: list[tuple[list[float], list[int]]] = []

    def energy(value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return value.square().sum(1).sqrt()

    def note(value: torch.Tensor, rows: torch.Tensor) -> None:
        assert value.requires_grad
        seen.append((value.detach().flatten().tolist(), rows.tolist()))

    found = descend(energy, torch.tensor([[0.5], [0.0]]), iterations=3, check=note)
    assert seen[0] == ([0.5, 0.0], [0, 1])
    assert found.energy.tolist()[1] == 0.0
    seen.clear()
    descend(energy, torch.tensor([[0.5]]), iterations=1, step_size=0.5, check=note)
    assert seen == [([0.0], [0])]  # only where the step leads
    seen.clear()
    descend(quadratic(0)[0], starts(0), iterations=3, check=note)
    assert not seen
