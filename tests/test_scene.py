"""Batches of scenes: who is an object, and what the copies hold."""

import torch
from agent_scenes import random_scene

from conceptgym.agents.scene import Scene
from conceptgym.envs.entities import ZONE


def tensors(scene: Scene) -> dict[str, torch.Tensor]:
    return {name: value for name, value in vars(scene).items() if name != "static"}


def test_columns_have_names() -> None:
    scene = random_scene(0)
    assert torch.equal(torch.cat([scene.positions, scene.colours], -1), scene.entities[..., :5])
    assert torch.equal(torch.stack([scene.cursor, scene.zone], -1), scene.entities[..., 5:])


def test_objects_are_present_and_neither_cursor_nor_zone() -> None:
    scene = random_scene(0, number=5, rows=7)
    entities = scene.entities.clone()
    entities[:, 3, ZONE] = 1.0
    found = scene.replace(entities=entities).objects
    assert found.tolist() == [[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]] * 2  # row 1 is the cursor


def test_repeat_puts_copies_side_by_side() -> None:
    scene = random_scene(8, count=2)
    repeated = tensors(scene.repeat(3))
    for name, value in tensors(scene).items():
        assert torch.equal(repeated[name][:3], value[:1].expand_as(repeated[name][:3]))
        assert torch.equal(repeated[name][3:], value[1:].expand_as(repeated[name][3:]))


def test_take_picks_scenes_by_number() -> None:
    scene = random_scene(1, count=3)
    taken = tensors(scene.take(torch.tensor([2, 0, 2])))
    for name, value in tensors(scene).items():
        assert torch.equal(taken[name], torch.stack([value[2], value[0], value[2]]))


def test_a_static_scene_asks_for_nothing_but_the_attention() -> None:
    scene = random_scene(2)
    static = scene.as_static()
    assert not scene.static and static.static
    assert scene.movable.any() and scene.paintable.any()
    assert not static.movable.any() and not static.paintable.any()
    for name in ("entities", "attention", "present"):
        assert torch.equal(getattr(static, name), getattr(scene, name))
    for copy in (static.repeat(2), static.take(torch.tensor([1])), static.map(torch.clone)):
        assert copy.static


def test_map_changes_every_tensor() -> None:
    scene = random_scene(3)
    halved = scene.map(lambda value: value.float())
    for name, value in tensors(halved).items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, tensors(scene)[name].float())
