"""Terms: energies add, readings combine to their least or their free energy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import random_scene, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.scene import Scene
from conceptgym.agents.terms import (
    Term,
    check_gradients,
    combine_readings,
    concept_term,
    total_energy,
)
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

MODEL = tiny_model()
SCENE = random_scene(1).map(lambda value: value.float())
SIZE = MODEL.energy.code_size
CODES = np.random.default_rng(0).normal(size=(3, SIZE)).astype(np.float32)
ENERGIES = st.lists(st.floats(0.0, 5.0), min_size=1, max_size=6)


def energy_of(code: np.ndarray) -> torch.Tensor:
    return MODEL.energy(SCENE, torch.from_numpy(code).expand(len(SCENE.present), -1))


def test_a_term_of_one_code_is_the_energy() -> None:
    for codes in (CODES[0], CODES[:1]):
        torch.testing.assert_close(concept_term(MODEL.energy, codes)(SCENE), energy_of(CODES[0]))


def test_the_weight_is_a_factor() -> None:
    term = concept_term(MODEL.energy, CODES[0], weight=2.5)
    torch.testing.assert_close(term(SCENE), 2.5 * energy_of(CODES[0]))


def test_several_readings_are_judged_by_their_least() -> None:
    expected = torch.stack([energy_of(code) for code in CODES]).amin(0)
    torch.testing.assert_close(concept_term(MODEL.energy, CODES)(SCENE), expected)


def test_several_readings_average_at_a_temperature() -> None:
    each = torch.stack([energy_of(code) for code in CODES])
    found = concept_term(MODEL.energy, CODES, temperature=0.3)(SCENE)
    expected = -0.3 * torch.log(torch.exp(-each / 0.3).mean(0))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_term_of_its_own_attention_does_not_look_at_the_scenes() -> None:
    own = np.zeros(16, dtype=bool)
    own[2] = True
    term = concept_term(MODEL.energy, CODES[0], attention=own)
    attention = torch.zeros_like(SCENE.attention)
    attention[:, 2] = 1.0
    plain = concept_term(MODEL.energy, CODES[0])
    torch.testing.assert_close(term(SCENE), plain(SCENE.replace(attention=attention)))
    other = SCENE.replace(attention=1.0 - SCENE.attention)
    torch.testing.assert_close(term(other), term(SCENE))


def test_a_term_keeps_its_code_and_attention() -> None:
    code, attention = CODES[0].copy(), np.ones(16, dtype=np.float32)
    term = concept_term(MODEL.energy, code, attention=attention)
    before = term(SCENE)
    code[:], attention[:] = 0.0, 0.0
    torch.testing.assert_close(term(SCENE), before, atol=0.0, rtol=0.0)


@settings(max_examples=50)
@given(energies=ENERGIES, temperature=st.floats(0.01, 10.0))
def test_the_free_energy_lies_between_the_least_and_the_mean(
    energies: list[float], temperature: float
) -> None:
    values = torch.tensor(energies, dtype=torch.float64)
    free = float(combine_readings(values, temperature))
    assert min(energies) - 1e-9 <= free <= np.mean(energies) + 1e-9


@settings(max_examples=50)
@given(energies=ENERGIES, temperature=st.floats(0.0, 10.0))
def test_alike_readings_change_nothing(energies: list[float], temperature: float) -> None:
    values = torch.tensor(energies, dtype=torch.float64)
    twice = torch.cat([values, values])
    found = [float(combine_readings(each, temperature)) for each in (values, twice)]
    assert found[0] == pytest.approx(found[1])


@settings(max_examples=50)
@given(energies=ENERGIES)
def test_without_temperature_it_is_the_least(energies: list[float]) -> None:
    values = torch.tensor(energies, dtype=torch.float64)
    assert float(combine_readings(values, 0.0)) == min(energies)
    assert float(combine_readings(values, 1e-6)) == pytest.approx(min(energies), abs=1e-4)


def test_terms_add_in_any_order() -> None:
    terms: list[Term] = [concept_term(MODEL.energy, code) for code in CODES]
    total = total_energy(terms, SCENE)
    torch.testing.assert_close(total, sum(term(SCENE) for term in terms))
    torch.testing.assert_close(total, total_energy(terms[::-1], SCENE))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ([], "terms is empty; pass at least one, such as concept_term(...)"),
        (
            [lambda scene: 0.0],
            "your own term 0 ('<lambda>') returned float, expected a tensor of shape (2,); return "
            "one energy a scene",
        ),
        (
            [lambda scene: scene.present[:, 0], lambda scene: scene.present],
            "your own term 1 ('<lambda>') returned (2, 9), expected a tensor of shape (2,); return "
            "one energy a scene",
        ),
    ],
)
def test_bad_terms_are_refused(terms: Any, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        total_energy(terms, SCENE)
    assert str(caught.value) == message


def steep(scene: Scene) -> torch.Tensor:
    """The root of a number that is 0 in row 0 alone."""
    return scene.attention.square().sqrt().sum(1)


def test_terms_of_one_s_own_are_counted_alone_and_named() -> None:
    def shapeless(scene: Scene) -> torch.Tensor:
        return scene.present

    learned = [concept_term(MODEL.energy, code) for code in CODES]
    terms: list[Term] = [*learned[:2], steep, learned[2], shapeless]
    with pytest.raises(ShapeError) as caught:
        total_energy(terms, SCENE)
    assert str(caught.value) == (
        "your own term 1 ('shapeless') returned (2, 9), expected a tensor of shape (2,); return "
        "one energy a scene"
    )


class Constant:
    """A term that is no plain function."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, scene: Scene) -> torch.Tensor:
        return torch.full_like(scene.present[:, 0], self.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_term_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(NonFiniteError) as caught:
        total_energy([concept_term(MODEL.energy, CODES[0]), Constant(value)], SCENE)
    assert str(caught.value) == (
        f"your own term 0 ('Constant') returned {value}; every energy must be a finite number: "
        "keep what goes into sqrt, log and divisions where they are defined, by clamp or "
        "torch.where, and give a hard constraint a large weight"
    )


def test_a_term_is_not_blamed_for_a_scene_that_is_not_finite() -> None:
    spoilt = SCENE.replace(entities=torch.full_like(SCENE.entities, math.nan))
    assert total_energy([lambda scene: scene.positions.sum((1, 2))], spoilt).isnan().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_what_a_term_returns_is_taken_in_any_dtype(dtype: torch.dtype) -> None:
    found = total_energy([lambda scene: 2 * scene.present[:, 0].to(dtype)], SCENE)
    assert found.dtype == torch.float32 and found.tolist() == [2.0, 2.0]


def test_a_gradient_that_is_not_finite_is_blamed_where_it_counts() -> None:
    attention = torch.where(torch.arange(9) == 3, 0.0, SCENE.attention + 0.1)
    scene = SCENE.replace(attention=attention.requires_grad_(True))
    terms: list[Term] = [concept_term(MODEL.energy, CODES[0]), Constant(1.0), steep]
    everywhere = torch.ones_like(attention) > 0
    with pytest.raises(NonFiniteError) as caught:
        check_gradients(terms, scene, everywhere)
    assert str(caught.value) == (
        "the gradient of your own term 1 ('steep') holds nan; every entry must be a finite "
        "number: sqrt, norms and powers may have none at 0, log none at 0 or below; add 1e-9 to "
        "what goes into them, or choose that by torch.where"
    )
    check_gradients(terms, scene, everywhere & (torch.arange(9) != 3))
    check_gradients(terms[:2], scene, everywhere)


@pytest.mark.parametrize(
    ("codes", "options", "kind", "message"),
    [
        (
            CODES[0],
            {"weight": -1},
            ConfigError,
            "weight=-1 must be a number of at least 0; 1 is usual",
        ),
        *(
            (
                CODES[0],
                {"temperature": value},
                ConfigError,
                f"temperature={value!r} must be a number of at least 0; 0 is the least energy",
            )
            for value in (-0.1, math.nan, math.inf, "1")
        ),
        (
            CODES[:, :3],
            {},
            ShapeError,
            f"code has shape (3, 3), expected (3, {SIZE}); pass an array of that shape",
        ),
        (
            np.where(np.arange(SIZE) == 2, np.inf, CODES[0]),
            {},
            NonFiniteError,
            "code holds inf at index (0, 2); every entry must be a finite number",
        ),
    ],
)
def test_bad_codes_and_factors_are_refused(
    codes: np.ndarray, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        concept_term(MODEL.energy, codes, **options)
    assert str(caught.value) == message
