"""infer: the descent on w lowers the demonstrations' energy, phase by phase, and says how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import TINY, demonstration, demonstrations, draw_event, tiny_model
from test_tensors import with_rows

from conceptgym.agents.code import PLAIN_SIZE, Code, normalise_code
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.descent import CONVERGED, SPENT, STALLED
from conceptgym.agents.infer import infer, surprise
from conceptgym.agents.model import ConceptModel, load_model
from conceptgym.agents.scene import Scene
from conceptgym.agents.summary import summarise
from conceptgym.agents.tensors import stack_demonstrations, to_tensor
from conceptgym.envs import Demonstration
from conceptgym.envs.errors import MixedLayoutError, NoDemonstrationsError, NonFiniteError

MODEL = tiny_model()
SIZE = MODEL.energy.code_size
PHASED = "two_in_order"
QUICK = InferenceConfig(particles=6, code_iterations=4)


def energy_of(
    demos: list[Demonstration],
    code: np.ndarray,
    *,
    model: ConceptModel = MODEL,
    steps: list[int] | None = None,
    identified: bool = True,
) -> float:
    """Mean of E / (1 + E / 0.05) over the demonstrations, one at a time."""
    found = []
    for number, demo in enumerate(demos):
        _, scene = stack_demonstrations([demo], None if steps is None else [steps[number]])
        with torch.no_grad():
            energy = model.energy(scene, to_tensor(code)[None])
            if identified:
                energy = energy + model.energy(scene.as_static(), to_tensor(code)[None])
        found.append(float(energy))
    return float(np.mean([value / (1.0 + value / 0.05) for value in found]))


def codes_of(demos: list[Demonstration]) -> np.ndarray:
    return infer(MODEL, demos, config=QUICK).codes


def encoded(demos: list[Demonstration], steps: list[int] | None = None) -> torch.Tensor:
    """The encoder's code (SIZE,) as `infer` normalises it."""
    before, scenes = stack_demonstrations(demos, steps)
    given = torch.ones(1, len(demos))
    return normalise_code(MODEL.encoder(scenes, given, summarise(before, scenes, given)))[0]


@pytest.mark.parametrize("amortised", [True, False])
@pytest.mark.parametrize("concept", ["colour", "near", "furthest", "square"])
def test_the_descent_lowers_the_demonstrations_energy(concept: str, amortised: bool) -> None:
    demos = demonstrations(concept)
    result = infer(MODEL, demos, config=replace(QUICK, amortised=amortised))
    assert result.energy < result.initial_energy
    assert result.energy == pytest.approx(energy_of(demos, result.code), rel=1e-3)
    assert 1 <= result.iterations <= 4
    assert result.reason in (CONVERGED, STALLED, SPENT)
    assert result.codes.shape == (1, SIZE) and np.array_equal(result.code, result.codes[0])


def test_trained_weights_find_what_was_shown_likelier_than_under_another_concept() -> None:
    model, _ = load_model()
    shown = {name: demonstrations(name, 5) for name in ("colour", "near", "square", "quantity")}
    codes = [to_tensor(infer(model, demos).code) for demos in shown.values()]
    for number, demos in enumerate(shown.values()):
        found = surprise(model, stack_demonstrations(demos)[1], torch.stack(codes))
        assert int(found.argmin()) == number


def test_the_first_guess_is_the_encoders() -> None:
    demos = demonstrations()
    result = infer(MODEL, demos, config=InferenceConfig(code_iterations=0))
    np.testing.assert_allclose(result.code, encoded(demos).numpy(), atol=1e-5)
    assert result.energy == result.initial_energy
    assert result.iterations == 0 and result.reason == SPENT


def test_the_learned_part_stays_normalised() -> None:
    for amortised in (True, False):
        config = replace(QUICK, amortised=amortised, code_step=5.0)
        code = infer(MODEL, demonstrations(), config=config).code
        assert code.shape == (SIZE,) and code.dtype == np.float32
        what = code[:-PLAIN_SIZE]
        assert what.mean() == pytest.approx(0.0, abs=1e-6)
        assert what.std() == pytest.approx(1.0, abs=1e-2)


@pytest.mark.parametrize(
    "start", [{}, {"code_particles": 3}, {"amortised": False, "shown_values": True}]
)
def test_values_read_off_the_demonstrations_are_held(start: dict[str, Any]) -> None:
    demos = demonstrations("near")
    config = replace(QUICK, code_step=5.0, **start)
    begun = infer(MODEL, demos, config=replace(config, code_iterations=0)).readings[0]
    ended = infer(MODEL, demos, config=config).readings[0]
    plain = begun[0, -PLAIN_SIZE:]
    assert (begun[:, -PLAIN_SIZE:] == plain).all() and (ended[:, -PLAIN_SIZE:] == plain).all()
    assert np.abs(ended - begun).max() > 1e-3, "the learned part descends"


def test_values_drawn_at_random_descend() -> None:
    config = replace(QUICK, amortised=False)
    begun = infer(MODEL, demonstrations(), config=replace(config, code_iterations=0)).readings[0]
    ended = infer(MODEL, demonstrations(), config=config).readings[0]
    gaps = begun[:, None, -PLAIN_SIZE:] - ended[None, :, -PLAIN_SIZE:]
    assert np.abs(gaps).max(axis=2).min(axis=1).max() > 0.0


def test_only_the_learned_part_may_start_at_random() -> None:
    demos = demonstrations()
    few = replace(QUICK, amortised=False, code_iterations=0)
    shown = infer(MODEL, demos, config=replace(few, shown_values=True)).readings[0]
    random = infer(MODEL, demos, config=few).readings[0]
    kept = Code.split(torch.as_tensor(shown))
    colours = [demo.after[demo.attention, 2:5].mean(axis=0) for demo in demos]
    np.testing.assert_allclose(
        kept.colour.numpy(), [np.mean(colours, axis=0)] * len(shown), atol=1e-5
    )
    assert (kept.count == demos[0].attention.sum()).all()
    assert np.ptp(shown[:, -PLAIN_SIZE:], axis=0).max() == 0.0 < np.ptp(random, axis=0).min()
    drawn = {tuple(code) for code in random[:, :-PLAIN_SIZE]}
    assert {tuple(code) for code in shown[:, :-PLAIN_SIZE]} == drawn, "the same random numbers"


@pytest.mark.parametrize(("readings", "kept"), [(1, 2), (3, 3)])
def test_a_quarter_of_random_codes_goes_on_after_five_steps(readings: int, kept: int) -> None:
    config = replace(QUICK, amortised=False, particles=8, code_iterations=12, readings=readings)
    first = infer(MODEL, demonstrations(), config=replace(config, code_iterations=5))
    ended = infer(MODEL, demonstrations(), config=config)
    assert first.readings.shape[1] == 8 and ended.readings.shape[1] == kept
    best = np.sort(first.reading_energies[0])[:kept]
    assert (np.sort(ended.reading_energies[0]) <= best).all()
    assert ended.energy < ended.initial_energy
    assert 5 < ended.iterations <= 12
    longer = infer(MODEL, demonstrations(), config=replace(config, code_iterations=6))
    alone = {tuple(np.round(code, 4)) for code in longer.readings[0]}
    assert len(alone) == kept, "they go on apart"


def test_random_starts_are_read_likeliest_first() -> None:
    results = [
        infer(MODEL, demonstrations(), config=replace(QUICK, amortised=False, seed=seed))
        for seed in (0, 0, 1)
    ]
    for result in results:
        assert result.readings.shape == (1, 6, SIZE)
        assert result.reading_energies.shape == result.surprise.shape == (1, 6)
        assert (np.diff(result.surprise[0]) >= 0.0).all()
        assert result.energy == result.reading_energies[0, 0]
        assert np.array_equal(result.code, result.readings[0, 0])
    assert np.array_equal(results[0].readings, results[1].readings)
    assert not np.allclose(results[0].readings, results[2].readings)


def test_every_reading_has_its_energy() -> None:
    demos = demonstrations("near")
    result = infer(MODEL, demos, config=InferenceConfig(code_particles=4, code_iterations=3))
    assert result.readings.shape == (1, 4, SIZE)
    for code, energy in zip(result.readings[0], result.reading_energies[0], strict=True):
        assert energy == pytest.approx(energy_of(demos, code), rel=1e-3)


def test_a_single_reading_is_not_ranked() -> None:
    result = infer(MODEL, demonstrations("near"))
    assert result.surprise.tolist() == [[0.0]]


class Believer:
    """E = ½ s d² for the cursor's distance d from where it was shown, and s in a code's place.

    What is static has the energy in the code's second place.
    """

    def __init__(self, shown: torch.Tensor) -> None:
        self.shown = shown  # (2,)

    def energy(self, scene: Scene, codes: torch.Tensor) -> torch.Tensor:
        if scene.static:
            return codes[:, 1]
        cursor = (scene.positions * scene.cursor[..., None]).sum(1)
        return 0.5 * codes[:, 0] * (cursor - self.shown).square().sum(1)


def surprise_of(*codes: tuple[float, float], shift: float = 0.0) -> list[float]:
    """Of codes of a `Believer`, by one demonstration that is a shift off what it believes."""
    _, scenes = stack_demonstrations(demonstrations("near", 1))
    cursor = (scenes.positions * scenes.cursor[..., None]).sum(1)[0]
    believer: Any = Believer(cursor + torch.tensor([shift, 0.0]))
    return surprise(believer, scenes, torch.tensor(codes)).tolist()


def test_codes_under_which_anything_would_do_explain_nothing() -> None:
    nothing, vague, sharp = surprise_of((0.0, 0.0), (0.05, 0.0), (1.0, 0.0))
    assert nothing == pytest.approx(0.0, abs=1e-5)
    assert sharp < vague < nothing


def test_what_the_attention_lacks_is_surprising_and_wrong_codes_are_too() -> None:
    """In units of the temperature, 0.01, and no more than a demonstration can count."""
    found = surprise_of((0.0, 0.02), (0.0, 0.05), (0.0, 5.0))
    assert found == pytest.approx([2.0, 5.0, 12.0], abs=1e-4)
    (right,), (wrong,) = surprise_of((1.0, 0.0)), surprise_of((1.0, 0.0), shift=0.5)
    assert wrong - right > 5.0


@pytest.mark.parametrize("banked", [0, 2, 9])
def test_other_readings_begin_at_the_bank_s_codes_with_the_demonstrations_values(
    banked: int,
) -> None:
    model = tiny_model()
    draw = torch.Generator().manual_seed(3)
    model.bank = torch.randn(banked, TINY.code_size, generator=draw)
    demos = demonstrations("near")
    config = InferenceConfig(code_particles=5, code_iterations=0)
    found = torch.from_numpy(infer(model, demos, config=config).readings[0])
    guess = encoded(demos)
    torch.testing.assert_close(found[:, -PLAIN_SIZE:], guess[-PLAIN_SIZE:].expand(5, -1))
    taken = model.bank[:4]
    wanted = normalise_code(torch.cat([taken, torch.zeros(len(taken), PLAIN_SIZE)], -1))
    for what in (guess, *wanted):
        gaps = (found - what)[:, :-PLAIN_SIZE].abs().amax(1)
        assert gaps.min() < 1e-5
    assert len(found.unique(dim=0)) == 5  # where the bank ends, the guess is disturbed


def test_codes_of_either_question_are_found() -> None:
    """Also those of a model that has one for each."""
    model = ConceptModel(replace(TINY, separate_codes=True)).requires_grad_(False)
    for particles in (1, 3):
        config = replace(QUICK, code_particles=particles)
        result = infer(model, demonstrations("near"), config=config)
        assert result.code.shape == (2 * TINY.code_size + PLAIN_SIZE,)
        assert result.energy < result.initial_energy


def test_each_phase_is_inferred_from_its_own_stops() -> None:
    demos = demonstrations(PHASED)
    stops = [demo.stops() for demo in demos]
    assert {len(steps) for steps in stops} == {2}
    first = infer(MODEL, demos, config=InferenceConfig(code_iterations=0))
    result = infer(MODEL, demos, config=QUICK)
    assert result.codes.shape == (2, SIZE) and result.readings.shape == (2, 1, SIZE)
    energies = []
    for phase in range(2):
        steps = [each[phase] for each in stops]
        expected = encoded(demos, steps).numpy()
        np.testing.assert_allclose(first.codes[phase], expected, atol=1e-5)
        # which entities are meant is a matter of all phases together
        own = {"steps": steps, "identified": False}
        energies.append(energy_of(demos, result.codes[phase], **own))
        assert energies[-1] <= energy_of(demos, first.codes[phase], **own)
        assert result.reading_energies[phase, 0] == pytest.approx(energies[-1], rel=1e-3)
    assert result.energy == pytest.approx(np.mean(energies), rel=1e-3)
    assert not np.allclose(result.codes[0], result.codes[1])
    assert np.array_equal(result.code, result.codes[0])


@pytest.mark.parametrize("place", [0, 2])
def test_a_demonstration_of_another_number_of_phases_is_left_out(place: int) -> None:
    demos = demonstrations(PHASED, 3)
    strange = demonstration(draw_event("near", seed=5, n_objects=4))
    mixed = [*demos[:place], strange, *demos[place:]]
    assert np.array_equal(codes_of(mixed), codes_of(demos))
    assert infer(MODEL, mixed).left_out == (place,) and infer(MODEL, demos).left_out == ()
    single = demonstrations("near", 3)
    strange = demonstrations(PHASED, 1)[0]
    mixed = [*single[:place], strange, *single[place:]]
    assert np.array_equal(codes_of(mixed), codes_of(single))


def test_of_as_many_phases_as_fewer_the_more_are_shown() -> None:
    """A rest may go unseen, but none is seen where there was none."""
    phased, single = demonstrations(PHASED, 1), demonstrations("near", 1)
    for mixed in ([*phased, *single], [*single, *phased]):
        assert np.array_equal(codes_of(mixed), codes_of(phased))


def test_the_order_of_demonstrations_and_absent_rows_do_not_matter() -> None:
    demos = demonstrations()  # of 4 entities
    codes = codes_of(demos)
    np.testing.assert_allclose(codes_of(demos[::-1]), codes, atol=1e-3)
    short = [with_rows(demo, 6) for demo in demos]
    np.testing.assert_allclose(codes_of(short), codes, atol=1e-3)


def test_bad_demonstrations_are_refused() -> None:
    demos = demonstrations()
    with pytest.raises(NoDemonstrationsError, match="^demonstrations is empty; pass at least one"):
        infer(MODEL, [])
    with pytest.raises(MixedLayoutError, match=r"^demonstrations mix the layouts \[\(5, 7\)"):
        infer(MODEL, [demos[0], with_rows(demos[1], 5)])
    trajectory = demos[0].trajectory.copy()
    trajectory[1, 2, 0] = np.nan
    with pytest.raises(NonFiniteError) as caught:
        infer(MODEL, [replace(demos[0], trajectory=trajectory)])
    assert str(caught.value) == (
        "trajectory holds nan at index (1, 2, 0); every entry must be a finite number"
    )


def test_a_demonstration_spoilt_after_it_was_made_is_refused() -> None:
    (demo,) = demonstrations(count=1)
    demo.trajectory[-1, 0, 1] = np.inf
    with pytest.raises(NonFiniteError) as caught:
        infer(MODEL, [demo])
    assert str(caught.value) == (
        "demonstrations[0].trajectory holds inf at index (1, 0, 1); "
        "every entry must be a finite number"
    )


def test_demonstrations_of_few_rows_are_enough() -> None:
    """Arrays of fewer rows than a figure has points are as good as longer ones."""
    demos = demonstrations("near")  # of 4 entities
    short = [with_rows(demo, 4) for demo in demos]
    np.testing.assert_allclose(codes_of(short), codes_of(demos), atol=1e-3)
