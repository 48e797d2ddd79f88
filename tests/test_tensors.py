"""From arrays to tensors, and the demonstrations that are refused."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from agent_scenes import demonstrations, draw_event, tiny_model

from conceptgym.agents.generate import generate
from conceptgym.agents.identify import identify
from conceptgym.agents.tensors import codes_of, scene_of, stack_demonstrations, to_tensor
from conceptgym.envs import MAX_ENTITIES, Demonstration
from conceptgym.envs.errors import (
    MixedLayoutError,
    NoDemonstrationsError,
    NonFiniteError,
    ShapeError,
)


def with_rows(demo: Demonstration, rows: int) -> Demonstration:
    return Demonstration(
        trajectory=demo.trajectory[:, :rows],
        attention=demo.attention[:rows],
        present=demo.present[:rows],
        movable=demo.movable[:rows],
        paintable=demo.paintable[:rows],
    )


def test_tensors_are_single_precision_copies_of_any_array() -> None:
    for values in (np.array([True, False]), np.array([1, 0]), [np.ones(2), np.zeros(2)]):
        tensor = to_tensor(values)
        assert tensor.dtype == torch.float32
        assert np.array_equal(tensor.numpy(), np.asarray(values, dtype=np.float32))


def test_a_scene_holds_its_state_and_attention() -> None:
    event = draw_event("colour")
    scene = scene_of(event.before, event.attention)
    for name in ("entities", "present", "movable", "paintable"):
        expected = np.asarray(getattr(event.before, name), dtype=np.float32)[None]
        assert np.array_equal(getattr(scene, name).numpy(), expected)
    assert np.array_equal(scene.attention.numpy()[0], event.attention)


def test_codes_and_attention_that_do_not_fit_are_refused() -> None:
    state, energy = draw_event().before, tiny_model().energy
    code, attention, end = np.ones(4), np.ones(MAX_ENTITIES), "every entry must be a finite number"
    spoilt = np.where(np.arange(MAX_ENTITIES) == 2, np.nan, attention)
    assert codes_of(code, energy, times=3).shape == (3, 4)
    cases: list[tuple[Callable[[], object], type[Exception], str]] = [
        (
            lambda: codes_of(np.ones(32), energy, times=1),
            ShapeError,
            "code has shape (32,), expected (4,); pass an array of that shape",
        ),
        (
            lambda: generate(energy, state, attention, code=-np.inf * code),
            NonFiniteError,
            f"code holds -inf at index (0,); {end}",
        ),
        (
            lambda: identify(energy, state, code=np.nan * code),
            NonFiniteError,
            f"code holds nan at index (0,); {end}",
        ),
        (
            lambda: generate(energy, state, np.ones(5), code=code),
            ShapeError,
            "attention has shape (5,), expected (16,); pass an array of that shape",
        ),
        (
            lambda: generate(energy, state, spoilt, code=code),
            NonFiniteError,
            f"attention holds nan at index (2,); {end}",
        ),
    ]
    for ask, kind, text in cases:
        with pytest.raises(kind) as caught:
            ask()
        assert str(caught.value) == text


def test_demonstrations_are_stacked_in_order() -> None:
    demos = demonstrations("above", 4)
    before, after = stack_demonstrations(demos)
    assert before.shape == after.entities.shape == (4, 16, 7)
    for row, demo in enumerate(demos):
        assert np.array_equal(before[row].numpy(), demo.trajectory[0].astype(np.float32))
        assert np.array_equal(after.entities[row].numpy(), demo.trajectory[-1].astype(np.float32))
        for name in ("attention", "present", "movable", "paintable"):
            assert np.array_equal(getattr(after, name)[row].numpy(), getattr(demo, name))


def test_no_demonstration_is_refused() -> None:
    with pytest.raises(NoDemonstrationsError) as caught:
        stack_demonstrations([])
    assert str(caught.value) == (
        "demonstrations is empty; pass at least one, such as those of "
        "conceptgym.envs.record_demonstrations(...)"
    )


def test_something_else_is_refused() -> None:
    demos = demonstrations(count=1)
    with pytest.raises(ShapeError) as caught:
        stack_demonstrations([*demos, demos[0].trajectory])  # type: ignore[list-item]
    assert str(caught.value) == (
        "demonstrations[1] is a ndarray, expected a Demonstration; "
        "record it with conceptgym.envs.record_demonstrations(...)"
    )


def test_mixed_layouts_are_refused() -> None:
    demos = demonstrations(count=3)
    with pytest.raises(MixedLayoutError) as caught:
        stack_demonstrations([demos[0], with_rows(demos[1], 6), demos[2]])
    assert str(caught.value) == (
        "demonstrations mix the layouts [(6, 7), (16, 7)]; record them all with entity arrays of "
        "one shape"
    )


def test_a_single_demonstration_must_be_in_a_list() -> None:
    with pytest.raises(ShapeError) as caught:
        stack_demonstrations(demonstrations(count=1)[0])  # type: ignore[arg-type]
    assert str(caught.value) == (
        "demonstrations is a Demonstration, expected a list of them; pass [demonstration]"
    )
