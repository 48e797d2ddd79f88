"""From arrays to tensors, and the demonstrations that are refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from agent_scenes import demonstration, demonstrations, draw_event

from conceptgym.agents.geometry import SLOTS
from conceptgym.agents.tensors import scene_of, stack_demonstrations, to_tensor
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
    own = np.zeros(3, dtype=np.float32)
    tensor = to_tensor(own)
    own[:] = 1.0
    assert not tensor.any()


def test_a_scene_holds_its_state_and_attention_without_absent_rows() -> None:
    event = draw_event("colour", n_objects=8)
    scene = scene_of(event.before, event.attention)
    assert scene.entities.shape == (1, 9, 7) and not scene.static
    for name in ("entities", "present", "movable", "paintable"):
        expected = np.asarray(getattr(event.before, name), dtype=np.float32)[None, :9]
        assert np.array_equal(getattr(scene, name).numpy(), expected)
    assert np.array_equal(scene.attention.numpy()[0], event.attention[:9])


@pytest.mark.parametrize("rows", [[0, 1, 12], [3], []])
def test_rows_end_with_the_last_entity_but_are_enough_for_a_figure(rows: list[int]) -> None:
    state = draw_event().before
    present = np.zeros(MAX_ENTITIES, dtype=bool)
    present[rows] = True
    scene = scene_of(replace(state, present=present), np.zeros(MAX_ENTITIES))
    assert scene.present.shape[1] == max([SLOTS, *(row + 1 for row in rows)])
    assert np.flatnonzero(scene.present[0].numpy()).tolist() == rows


def test_an_attention_that_does_not_fit_is_refused() -> None:
    state, attention = draw_event().before, np.ones(MAX_ENTITIES)
    spoilt = np.where(np.arange(MAX_ENTITIES) == 2, np.nan, attention)
    cases: list[tuple[np.ndarray, type[Exception], str]] = [
        (
            np.ones(5),
            ShapeError,
            "attention has shape (5,), expected (16,); pass an array of that shape",
        ),
        (
            spoilt,
            NonFiniteError,
            "attention holds nan at index (2,); every entry must be a finite number",
        ),
    ]
    for bad, kind, text in cases:
        with pytest.raises(kind) as caught:
            scene_of(state, bad)
        assert str(caught.value) == text


def test_demonstrations_are_stacked_in_order() -> None:
    demos = demonstrations("above", 4)
    before, after = stack_demonstrations(demos)
    assert before.shape == after.entities.shape == (4, SLOTS, 7)  # 4 entities each
    for row, demo in enumerate(demos):
        for found, step in ((before, 0), (after.entities, -1)):
            expected = demo.trajectory[step, :SLOTS].astype(np.float32)
            assert np.array_equal(found[row].numpy(), expected)
        for name in ("attention", "present", "movable", "paintable"):
            found = getattr(after, name)[row].numpy()
            assert np.array_equal(found, getattr(demo, name)[:SLOTS])


def test_demonstrations_of_several_sizes_share_their_rows() -> None:
    events = [draw_event("near", seed=1, n_objects=number) for number in (3, 9, 5)]
    before, after = stack_demonstrations([demonstration(event) for event in events])
    assert before.shape == (3, 10, 7)
    assert after.present.sum(1).tolist() == [4.0, 10.0, 6.0]


def test_short_arrays_get_rows_enough_for_a_figure() -> None:
    demos = demonstrations(count=2)  # of 4 entities
    long = stack_demonstrations(demos)
    short = stack_demonstrations([with_rows(demo, 4) for demo in demos])
    assert torch.equal(short[0], long[0])
    for name, value in vars(long[1]).items():
        found = getattr(short[1], name)
        assert torch.equal(found, value) if isinstance(value, torch.Tensor) else found == value


def test_any_step_of_each_may_be_taken() -> None:
    demos = demonstrations("two_in_order", 2)
    _, after = stack_demonstrations(demos, [2, 5])
    for row, step in enumerate((2, 5)):
        expected = demos[row].trajectory[step, : after.entities.shape[1]]
        assert np.array_equal(after.entities[row].numpy(), expected.astype(np.float32))
    assert not np.array_equal(demos[0].trajectory[2], demos[0].trajectory[-1])
    with pytest.raises(ValueError, match="shorter"):
        stack_demonstrations(demos, [2])


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


def test_a_demonstration_that_attends_to_nothing_is_refused() -> None:
    one, other = demonstrations(count=2)
    spoilt = replace(other, attention=np.zeros_like(other.attention))
    with pytest.raises(ShapeError) as caught:
        stack_demonstrations([one, spoilt])
    assert str(caught.value) == (
        "demonstrations[1].attention marks no entity; mark those that take part"
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


def test_an_observation_is_no_state() -> None:
    for bad, kind in (
        ({"entities": 1}, "dict"),
        (np.zeros((16, 7)), "ndarray"),
        (None, "NoneType"),
    ):
        with pytest.raises(ShapeError) as caught:
            scene_of(bad, np.zeros(16))  # pyright: ignore[reportArgumentType]
        assert str(caught.value) == (
            f"state is a {kind}, expected an EntityState; pass env.unwrapped.state, or "
            "conceptgym.envs.state_from_observation(observation)"
        )
