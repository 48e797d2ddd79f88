"""Batches: a function of seed and step alone, without overlap, noisy and wrong as configured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from agent_scenes import SHORT

from conceptgym.agents.batches import Batch, draw_batch
from conceptgym.agents.config import TrainConfig
from conceptgym.agents.data import EventPool
from conceptgym.agents.scene import Scene
from conceptgym.agents.summary import summarise

FAMILIES, INSTANCES, EVENTS, ROWS, STARTS = 4, 50, 9, 7, 3
COUNTS = (3, 3, 6, 6)
CLEAN = replace(SHORT, jitter=0.0, wrong_share=0.0)


def labelled_pool() -> EventPool:
    """Family, instance and event number in place of x, y and red; the start's in place of green.

    What is shown, begun and aimed at differs in blue. Each mask marks all rows but one.
    """
    shape = (FAMILIES, INSTANCES, EVENTS, ROWS)
    grids = torch.meshgrid(*map(torch.arange, shape), indexing="ij")[:3]
    labels = torch.stack(grids, dim=-1).float()

    def entities(blue: float) -> torch.Tensor:
        rest = torch.zeros(*shape, 4)
        rest[..., 1] = blue
        return torch.cat([labels, rest], dim=-1)

    starts = entities(2.0)[..., None, :, :5].repeat(1, 1, 1, STARTS, 1, 1)
    starts[..., 3] = torch.arange(STARTS).float()[:, None]
    targets = starts.clone()
    targets[..., 4] = 3.0
    masks = (1 - torch.eye(ROWS, dtype=torch.uint8)[:, 1:6]).expand(*shape, 5)
    return EventPool(
        before=entities(-1.0),
        after=entities(0.0),
        shown=entities(1.0),
        masks=masks,
        starts=starts,
        targets=targets,
        counts=COUNTS,
    )


POOL = labelled_pool()


def tensors_of(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    parts = [part for part in vars(value).values() if not isinstance(part, bool)]
    return [tensor for part in parts for tensor in tensors_of(part)]


def same(one: Batch, other: Batch) -> bool:
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def labels_of(scene: Scene) -> torch.Tensor:
    """(sets, scenes, 3) family, instance and event."""
    return scene.entities[:, 0, :3].int().view(sum(COUNTS), -1, 3)


def many(config: TrainConfig, steps: int = 25) -> list[Batch]:
    return [draw_batch(POOL, config, step=step) for step in range(steps)]


def near_share(found: float, expected: float, count: int) -> bool:
    """Within four standard deviations of a share of `count` draws."""
    return abs(found - expected) < 4.0 * (expected * (1.0 - expected) / count) ** 0.5


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    batches = many(SHORT, 3)
    torch.manual_seed(99)
    np.random.default_rng(5).random(10)
    for step in (2, 0, 1):  # whatever was drawn before
        assert same(draw_batch(POOL, SHORT, step=step), batches[step])
    assert not same(batches[0], batches[1])
    assert not same(draw_batch(POOL, replace(SHORT, seed=3), step=0), batches[0])


def test_families_have_their_counts_and_instances_differ() -> None:
    labels = torch.stack([labels_of(batch.demos)[:, 0] for batch in many(CLEAN)])
    expected = np.repeat(np.arange(FAMILIES), COUNTS).tolist()
    assert all(found.tolist() == expected for found in labels[..., 0])
    assert len(labels[..., 1].unique()) == INSTANCES


def test_queries_are_of_the_instance_and_were_never_shown() -> None:
    for batch in many(CLEAN, 5):
        shown, made, found = map(labels_of, (batch.demos, batch.generate, batch.identify))
        assert shown.shape[1] == CLEAN.most_demonstrations
        assert made.shape[1] == found.shape[1] == CLEAN.queries
        for part in (made, found):
            assert torch.equal(part[..., :2], shown[:, :1, :2].expand_as(part[..., :2]))
        for row in range(sum(COUNTS)):
            events = [part[row, :, 2].tolist() for part in (shown, made, found)]
            assert all(len(set(numbers)) == len(numbers) for numbers in events)
            assert not set(events[0]) & {*events[1], *events[2]}


def test_what_is_mended_is_a_start_and_its_own_target() -> None:
    starts = []
    for batch in many(CLEAN, 5):
        state = batch.generate.entities[..., :5]
        assert (state[..., 4] == 2.0).all() and (batch.target[..., 4] == 3.0).all()
        assert torch.equal(state[..., :4], batch.target[..., :4])
        starts.append(state[:, 0, 3])
    assert torch.cat(starts).unique().tolist() == [0.0, 1.0, 2.0]


def test_masks_reach_the_scene_they_belong_to() -> None:
    """But for sets of demonstrations that show nothing to edit."""
    batch = draw_batch(POOL, CLEAN, step=0)
    column = {name: k for k, name in enumerate(("present", "movable", "paintable"))}
    edited = batch.demos.movable.amax(1) > 0
    assert 0.5 < edited.double().mean() < 1.0
    demos = batch.demos.map(lambda value: value[edited])
    expected = 1.0 - torch.eye(ROWS)[:, 1:6].T
    for scene, attended in ((batch.demos, 3), (batch.generate, 3), (batch.identify, 4)):
        assert (scene.attention == expected[attended]).all()
        assert (scene.present == expected[0]).all()
    for scene in (demos, batch.generate):
        assert not scene.static
        for name in ("movable", "paintable"):
            assert (getattr(scene, name) == expected[column[name]]).all()


def test_identify_queries_are_static_and_shown_as_in_the_task() -> None:
    found = draw_batch(POOL, CLEAN, step=0).identify
    assert found.static and not found.movable.any() and not found.paintable.any()
    assert (found.entities[..., 4] == 1.0).all()


def test_every_number_of_demonstrations_is_given_equally_often() -> None:
    orders = set()
    for batch in many(SHORT, 6):
        given = batch.given
        assert (given[:, 0] == 1).all() and (given.diff(dim=1) <= 0).all()
        numbers = given.sum(1).int()
        assert torch.bincount(numbers).tolist() == [0, 6, 6, 6]
        assert torch.equal(batch.rows, given.flatten().nonzero()[:, 0])
        orders.add(tuple(numbers.tolist()))
    assert len(orders) == 6


def test_the_summary_is_of_the_demonstrations_as_they_are_shown() -> None:
    batch = draw_batch(POOL, SHORT, step=1)
    expected = summarise(batch.demos.entities, batch.demos, batch.given)
    for name in ("values", "support", "template", "number", "misfit"):
        assert torch.equal(getattr(batch.summary, name), getattr(expected, name))


def test_some_of_the_demonstrations_show_only_the_outcome() -> None:
    """Where the start is shown as well, the summary knows that something was painted.

    A fifth of the sets show no change at all, and a quarter of the others' demonstrations none.
    """
    painted = torch.cat([batch.summary.extras[..., 3].flatten() for batch in many(CLEAN)])
    assert ((painted == 0.0) | (painted > 0.9)).all()
    assert near_share(float((painted == 0.0).double().mean()), 0.4, len(painted) // 2)


def test_no_set_is_wrong_where_none_is_asked_for() -> None:
    for batch in many(CLEAN, 5):
        labels = labels_of(batch.demos)
        assert torch.equal(labels[..., :2], labels[:, :1, :2].expand_as(labels[..., :2]))


def test_one_demonstration_of_some_sets_shows_something_else() -> None:
    config = replace(CLEAN, wrong_share=0.4, most_demonstrations=5)
    wrong, places, families = [], [], []
    for batch in many(config):
        labels, number = labels_of(batch.demos), batch.given.sum(1)
        own = labels_of(batch.generate)[:, :1, :2]
        strange = (labels[..., :2] != own).any(-1)
        assert (strange.sum(1) <= 1).all()
        assert not strange[batch.given == 0].any() and not strange[number < 3].any()
        wrong.append(strange[number >= 3].any(1))
        places += torch.nonzero(strange)[:, 1].tolist()
        families.append((labels[..., 0] - own[..., 0])[strange])
    found = torch.cat(wrong)
    assert near_share(float(found.double().mean()), 0.4, len(found))
    assert set(places) == {0, 1, 2, 3, 4}
    assert torch.cat(families).bool().double().mean() > 0.5  # mostly of another family


def test_some_sets_are_jittered_each_by_its_own_amount() -> None:
    config = replace(CLEAN, jitter=0.01)
    scales = []
    for batch in many(config):
        places = batch.demos.entities[..., :2].view(sum(COUNTS), -1, ROWS, 2)
        noise = places - places.round()
        absent = 1.0 - batch.demos.present.view(sum(COUNTS), -1, ROWS)
        assert not (noise * absent[..., None]).any()
        scales.append(noise.square().mean((1, 2, 3)).sqrt() * (ROWS / (ROWS - 1)) ** 0.5)
    found = torch.cat(scales)
    jittered = found > 1e-6  # rounding of labels
    assert near_share(float(jittered.double().mean()), 0.4, len(found))
    kept = found[jittered]
    assert kept.max() < 1.4 * config.jitter  # some noise of 36 numbers
    assert abs(kept.mean() - 0.5 * config.jitter) < 0.1 * config.jitter  # uniform scales


def test_half_of_the_attentions_are_noisy_and_the_others_start_as_in_inference() -> None:
    batches = many(replace(CLEAN, attention_noise=(0.01, 0.0101)))
    noise = torch.cat([batch.noise for batch in batches])
    starts = torch.cat([batch.identify.attention + batch.noise for batch in batches])
    near = noise.abs().amax(1) < 0.1
    assert near_share(float(near.double().mean()), 0.5, len(near))
    assert abs(noise[near].std() - 0.01) < 0.001
    others = starts[~near]
    sure = ((others.abs() < 1e-6) | ((others - 1.0).abs() < 1e-6)).all(1)
    even = others.std(1) < 0.02
    for kind, share in ((even, 0.4), (sure & ~even, 0.3)):
        assert near_share(float(kind.double().mean()), share, len(others))
    assert abs(others[even].mean() - 0.5) < 0.1 and others[even].mean(1).std() > 0.2
    uniform = others[~even & ~sure]
    assert uniform.min() >= 0.0 and uniform.max() <= 1.0 and abs(uniform.mean() - 0.5) < 0.05


def test_the_attention_s_noise_is_of_one_scale_a_scene() -> None:
    noise = torch.cat([b.noise for b in many(replace(CLEAN, attention_noise=(0.001, 0.02)))])
    assert noise.shape[1] == ROWS
    scales = noise[noise.abs().amax(1) < 0.1].square().mean(1).sqrt()
    assert abs(scales.log().mean() - np.log(0.001 * 0.02) / 2) < 0.15  # log-uniform
    assert scales.quantile(0.05) < 0.002 and scales.quantile(0.95) > 0.012


def test_some_sets_of_demonstrations_show_nothing_to_edit() -> None:
    """They show what is meant, and no change; of the others, some demonstrations show a change."""
    found = []
    for batch in many(CLEAN, 20):
        edited = batch.demos.movable.amax(1).unflatten(0, batch.given.shape)
        assert torch.equal(edited.amin(1), edited.amax(1))
        found.append(edited[:, 0] == 0.0)
    seen = torch.cat(found)
    assert near_share(float(seen.double().mean()), 0.2, len(seen))
