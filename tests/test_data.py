"""Training events: what the pool holds, and what training never sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import SHORT

from conceptgym.agents import data
from conceptgym.agents.data import (
    MOST_OBJECTS,
    ROWS,
    SHARES,
    build_pool,
    draw_event,
    draw_family,
    draw_training_event,
    join_families,
    training_families,
)
from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Concept, EntityState, Event
from conceptgym.envs.errors import ConfigError

NAMES = training_families()
POOL = build_pool(SHORT)
PRESENT, MOVABLE, PAINTABLE, ATTENTION, ANSWER = POOL.masks.bool().unbind(-1)
Drawn = list[tuple[Concept, Event]]


def padded(rows: np.ndarray) -> np.ndarray:
    """An array of the pool with the rows that it leaves out."""
    extra = np.zeros((MAX_ENTITIES - len(rows), *rows.shape[1:]), dtype=rows.dtype)
    return np.concatenate([rows, extra])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Every event that is drawn for the pool, and its concept."""
    found: Drawn = []

    def draw(concept: Concept, rng: np.random.Generator, **options: Any) -> Event:
        found.append((concept, draw_event(concept, rng, **options)))
        return found[-1][1]

    monkeypatch.setattr(data, "draw_event", draw)
    return found


def test_concepts_of_several_phases_are_not_trained() -> None:
    """They are shown in phases, and what each phase shows is trained already."""
    left_out = {name for name in CONCEPTS if name not in NAMES}
    assert left_out == {"two_in_order", "three_in_order"}
    assert [name for name in CONCEPTS if name in NAMES] == list(NAMES)


def test_the_pool_holds_every_family_and_reports_its_progress() -> None:
    done: list[int] = []
    config = replace(SHORT, instances=1)
    build_pool(config, done.append)
    assert sum(done) == len(NAMES) * config.events
    assert POOL.before.shape == POOL.after.shape == POOL.shown.shape
    assert POOL.after.shape == (len(NAMES), SHORT.instances, SHORT.events, ROWS, 7)
    assert POOL.masks.shape == (*POOL.after.shape[:4], 5)
    assert POOL.starts.shape == POOL.targets.shape
    assert POOL.starts.shape == (*POOL.after.shape[:3], SHORT.starts, ROWS, 5)
    assert POOL.masks.dtype == torch.uint8 and set(POOL.masks.unique().tolist()) == {0, 1}
    floats = (POOL.before, POOL.after, POOL.shown, POOL.starts, POOL.targets)
    assert all(value.dtype == torch.float32 for value in floats)


def test_a_family_gets_its_share_of_a_batch() -> None:
    counts = dict(zip(NAMES, POOL.counts, strict=True))
    shares: dict[str, float] = {**SHARES}
    assert set(shares) <= set(NAMES)
    for name, count in counts.items():
        assert count == max(1, round(shares.get(name, 1.0) * SHORT.concepts_per_family))
    assert counts["left_of"] < counts["near"] < counts["quantity"]


def test_scenes_have_at_most_eight_objects() -> None:
    objects = PRESENT & (POOL.after[..., 5:] == 0).all(-1)
    assert objects.sum(-1).max() == MOST_OBJECTS == 8
    assert PRESENT.sum(-1).max() <= ROWS
    for name in ("quantity", "figure"):  # concepts that could have more
        rng = np.random.default_rng(0)
        events = [draw_event(CONCEPTS[name](), rng) for _ in range(20)]
        numbers = {int(event.after.objects.sum()) for event in events}
        assert max(numbers) == 8 and len(numbers) > 1


def test_events_change_only_what_may_be_edited() -> None:
    changed = POOL.before != POOL.after
    assert changed[..., :2].any() and changed[..., 2:5].any()
    assert not changed[..., :2][~MOVABLE].any()
    assert not changed[..., 2:5][~PAINTABLE].any()
    assert not changed[..., 5:].any()
    assert not (MOVABLE | PAINTABLE | ATTENTION | ANSWER)[~PRESENT].any()
    assert ATTENTION.any(-1).all() and ANSWER.any(-1).all()


def test_starts_differ_only_in_what_may_be_edited_and_stay_in_bounds() -> None:
    after = POOL.after[..., None, :, :5]
    for value in (POOL.starts, POOL.targets):
        changed = value != after
        assert not changed[..., :2][~MOVABLE[..., None, :].expand(changed.shape[:-1])].any()
        assert not changed[..., 2:][~PAINTABLE[..., None, :].expand(changed.shape[:-1])].any()
        assert value[..., :2].abs().max() <= 1.0
        assert value[..., 2:].min() >= 0.0 and value[..., 2:].max() <= 1.0
    moved = MOVABLE[..., None, :].expand(POOL.starts.shape[:-1])
    far = (POOL.starts - after)[..., :2].norm(dim=-1)[moved]
    assert far.quantile(0.1) < 0.15 and far.quantile(0.9) > 0.5  # near the end, and anywhere


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_the_nearest_states_that_show_the_concept(name: str) -> None:
    number = NAMES.index(name)
    concept = CONCEPTS[name].random(
        np.random.default_rng([SHORT.seed, *name.encode()]), split="train"
    )  # the first instance's
    for event in range(SHORT.events):
        place = (number, 0, event)
        masks = [padded(mask.numpy()) for mask in POOL.masks[place].bool().unbind(-1)]
        present, movable, paintable, attention, _ = masks
        for start, target in zip(POOL.starts[place], POOL.targets[place], strict=True):
            entities = padded(POOL.after[place].numpy())
            entities[:ROWS, :5] = start.numpy()
            state = EntityState(
                entities=entities, present=present, movable=movable, paintable=paintable
            )
            nearest = concept.nearest(state, attention)
            assert np.array_equal(nearest.entities[:ROWS, :5], target.numpy())
            assert concept.succeeds(nearest, attention)


def test_events_of_an_instance_share_a_concept_that_may_be_trained(drawn: Drawn) -> None:
    for name in ("colour", "offset", "figure"):
        drawn.clear()
        draw_family(name, SHORT)
        assert len(drawn) == SHORT.instances * SHORT.events
        concepts = [concept for concept, _ in drawn]
        for begin in range(0, len(concepts), SHORT.events):
            shared = concepts[begin : begin + SHORT.events]
            assert len(set(shared)) == 1 and type(shared[0]) is CONCEPTS[name]
            assert not shared[0].held_out
        assert len(set(concepts)) == SHORT.instances


@pytest.mark.parametrize("name", [name for name in NAMES if CONCEPTS[name].held_out_ranges])
def test_held_out_parameters_are_refused(name: str) -> None:
    rng = np.random.default_rng(0)
    concept = CONCEPTS[name].random(rng, split="held_out")
    with pytest.raises(ConfigError) as caught:
        draw_training_event(concept, rng, 1)
    assert str(caught.value) == (
        f"concept={concept!r} is held out of training; draw it with split='train'"
    )


def test_held_out_figures_are_refused() -> None:
    concept = CONCEPTS["figure"](points="pentagon")  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"^concept=Figure\(.*is held out of training; draw it"):
        draw_training_event(concept, np.random.default_rng(0), 1)


def test_where_the_cursor_is_not_what_counts_it_tells_nothing(drawn: Drawn) -> None:
    """In scenes to identify in it stands where the sampler has it only if it shows the concept."""
    places = []
    for name in ("between", "touch"):
        drawn.clear()
        shown = draw_family(name, SHORT)[2].reshape(-1, ROWS, 7)
        for (_, event), scene in zip(drawn, shown, strict=True):
            expected = event.shown.entities[:ROWS].copy()
            if not np.array_equal(event.answer, event.attention):
                expected[event.shown.cursor, :2] = scene[event.shown.cursor, :2]
                places.append(scene[event.shown.cursor, :2])
            assert np.array_equal(scene, expected)
    spread = np.std(places, axis=0)
    assert len(places) == SHORT.instances * SHORT.events and spread.min() > 0.3


def test_the_pool_is_a_function_of_the_seed() -> None:
    names = ("near", "colour")

    def draw(seed: int) -> dict[str, torch.Tensor]:
        config = replace(SHORT, seed=seed, instances=1)
        pool = join_families([draw_family(name, config) for name in names], names, config)
        return {name: v for name, v in vars(pool).items() if isinstance(v, torch.Tensor)}

    one, again, other = draw(0), draw(0), draw(1)
    for name, value in one.items():
        assert torch.equal(value, again[name])
        assert not torch.equal(value, other[name])


def test_the_pool_moves_as_a_whole() -> None:
    moved = POOL.to("meta")
    assert moved.counts == POOL.counts
    assert all(v.device.type == "meta" for v in vars(moved).values() if isinstance(v, torch.Tensor))
