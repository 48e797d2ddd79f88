"""Training events: what the pool holds, and that a batch depends on seed and step alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from agent_scenes import FEATURE_MASKS, SHORT

from conceptgym.agents import data
from conceptgym.agents.data import Batch, EventPool, build_pool, draw_batch
from conceptgym.envs import CONCEPTS

POOL = build_pool(SHORT)


def labelled_pool() -> EventPool:
    """The pool with family, instance and event number in place of x, y and red."""
    families, instances, events, number, _ = POOL.after.shape
    shape = (families, instances, events, number)
    grids = torch.meshgrid(*map(torch.arange, shape), indexing="ij")[:3]
    labels = torch.cat([torch.stack(grids, dim=-1).float(), torch.zeros(*shape, 3)], dim=-1)
    return EventPool(before=labels - 0.5, after=labels, masks=POOL.masks)


def tensors_of(batch: Batch) -> list[torch.Tensor]:
    scenes = [batch.demos, batch.generate, batch.identify]
    return [batch.demos_before, batch.given, *(v for s in scenes for v in vars(s).values())]


def same(one: Batch, other: Batch) -> bool:
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_pool_holds_every_family_and_reports_its_progress() -> None:
    drawn: list[int] = []
    pool = build_pool(SHORT, drawn.append)
    assert sum(drawn) == len(CONCEPTS) * SHORT.instances * SHORT.events
    assert pool.after.shape == pool.before.shape == (9, 2, 9, 9, 6)
    assert pool.masks.shape == (9, 2, 9, 9, 4)
    assert pool.after.dtype == pool.before.dtype == torch.float32
    assert pool.masks.dtype == torch.uint8 and set(pool.masks.unique().tolist()) == {0, 1}


def test_events_change_only_what_may_be_edited() -> None:
    present, movable, paintable, attention = POOL.masks.bool().unbind(-1)
    changed = POOL.before != POOL.after
    assert changed[..., :2].any() and changed[..., 2:5].any()
    assert not changed[..., :2][~movable].any()
    assert not changed[..., 2:5][~paintable].any()
    assert not changed[..., 5].any()
    assert not (movable | paintable | attention)[~present].any()
    assert attention.any(-1).all()


def test_the_pool_is_a_function_of_the_seed() -> None:
    again, other = build_pool(SHORT), build_pool(replace(SHORT, seed=1))
    for name, value in vars(POOL).items():
        assert torch.equal(value, getattr(again, name))
        assert not torch.equal(value, getattr(other, name))


def test_events_of_an_instance_share_their_concept(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def draw(concept: object, rng: np.random.Generator) -> object:
        drawn.append(concept)
        return original(concept, rng)  # type: ignore[arg-type]

    original = data.draw_event
    monkeypatch.setattr(data, "draw_event", draw)
    build_pool(SHORT)
    by_instance = np.array(drawn, dtype=object).reshape(9, SHORT.instances, SHORT.events)
    for name, family in zip(CONCEPTS, by_instance, strict=True):
        for instance in family:
            assert {type(concept) for concept in instance} == {CONCEPTS[name]}
            assert len(set(instance)) == 1


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    batches = [draw_batch(POOL, SHORT, step=step) for step in range(3)]
    torch.manual_seed(99)
    np.random.default_rng(5).random(10)
    for step in (2, 0, 1):  # whatever was drawn before
        assert same(draw_batch(POOL, SHORT, step=step), batches[step])
    assert not same(batches[0], batches[1])
    assert not same(draw_batch(POOL, replace(SHORT, seed=3), step=0), batches[0])


@pytest.mark.parametrize("step", range(3))
def test_queries_are_of_the_instance_and_never_shown(step: int) -> None:
    batch = draw_batch(labelled_pool(), SHORT, step=step)
    count = 9 * SHORT.concepts_per_family
    labels = {
        name: scene.entities[:, 0, :3].int().reshape(count, -1, 3).tolist()
        for name, scene in vars(batch).items()
        if name in ("demos", "generate", "identify")
    }
    families = []
    for row in range(count):
        shown, made, found = (labels[name][row] for name in ("demos", "generate", "identify"))
        assert len(shown) == SHORT.most_demonstrations
        assert len(made) == len(found) == SHORT.queries
        assert len({(family, instance) for family, instance, _ in shown + made + found}) == 1
        events = [[event for *_, event in part] for part in (shown, made, found)]
        assert all(len(set(part)) == len(part) for part in events)
        assert not set(events[0]) & set(events[1] + events[2])
        families.append(shown[0][0])
    assert families == sorted(families)
    assert all(families.count(family) == SHORT.concepts_per_family for family in range(9))


def test_identify_queries_are_static_and_generate_queries_are_not() -> None:
    batch = draw_batch(POOL, SHORT, step=0)
    assert not batch.identify.movable.any() and not batch.identify.paintable.any()
    editable = (batch.generate.movable + batch.generate.paintable).sum(-1)
    assert (editable > 0).all()
    assert (batch.identify.attention.sum(-1) > 0).all()


def test_demonstrations_given_are_a_prefix_of_one_or_more() -> None:
    given = torch.cat([draw_batch(POOL, SHORT, step=step).given for step in range(6)])
    assert (given[:, 0] == 1).all()
    assert (given.diff(dim=1) <= 0).all()
    assert set(given.sum(1).int().tolist()) == {1, 2, 3}


def test_a_quarter_of_the_demonstrations_show_only_the_outcome() -> None:
    pool = labelled_pool()
    static = []
    for step in range(20):
        batch = draw_batch(pool, SHORT, step=step)
        gap = (batch.demos.entities - batch.demos_before)[:, 0, :3]
        assert ((gap == 0.0).all(1) | (gap == 0.5).all(1)).all()
        static.append((gap == 0.0).all(1))
    share = torch.cat(static).double().mean().item()
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / (20 * len(static[0]))) ** 0.5


def test_masks_reach_the_scene_they_belong_to() -> None:
    masks = torch.zeros_like(POOL.masks)
    for column in range(4):
        masks[..., column, column] = 1  # row `column` is marked in that mask alone
    pool = EventPool(before=POOL.before, after=POOL.after, masks=masks)
    scene = draw_batch(pool, SHORT, step=0).generate
    for column, name in enumerate(FEATURE_MASKS):
        assert (getattr(scene, name) == torch.eye(9)[column]).all()
