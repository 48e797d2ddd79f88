"""Where a concept asks for something else than its attention: judged, shown and drawn as such."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from conceptgym.envs import MAX_ENTITIES, ArmReachEnv, ConceptEnv, Event, ParticleEnv
from conceptgym.envs.concepts import Near
from conceptgym.envs.rendering.markers import Overlay

both_worlds = pytest.mark.parametrize("world", [ParticleEnv, ArmReachEnv])


@dataclass(frozen=True, kw_only=True)
class AllButOne(Near):
    """A concept that asks for every object except the attended one, in a scene of its own."""

    def sample(self, rng: np.random.Generator, *, n_objects: int) -> Event:
        event = super().sample(rng, n_objects=n_objects)
        answer = event.after.objects & ~event.attention
        return replace(event, answer=answer, shown=event.before)


@both_worlds
def test_answers_are_judged_against_what_the_event_asks_for(
    world: type[ConceptEnv], monkeypatch: pytest.MonkeyPatch
) -> None:
    env = world(AllButOne(), task="identify", n_objects=5)
    env.reset(seed=0)
    event = env.event
    for answer, wrong in (
        (event.answer, 0),
        (event.attention, 5),  # each of the five objects is wrong, the cursor is right
        (event.answer | event.attention, 1),
        (np.zeros(MAX_ENTITIES, dtype=bool), 4),
    ):
        monkeypatch.setattr(world, "answer", answer)
        assert env.mismatch() == env.residual() == pytest.approx(wrong / 6)


def test_an_identify_episode_succeeds_with_the_answer_and_not_with_the_attention() -> None:
    env = ParticleEnv(AllButOne(), task="identify")
    for seed in range(5):
        for name, success in (("answer", True), ("attention", False)):
            env.reset(seed=seed)
            mask = getattr(env.event, name)
            _, _, terminated, _, info = env.step(np.where(mask, 1.0, -1.0))
            assert terminated and info["is_success"] is success


@both_worlds
def test_identify_shows_the_scene_that_the_event_says(world: type[ConceptEnv]) -> None:
    env = world(AllButOne(), task="identify", n_objects=4)
    observation, _ = env.reset(seed=0)
    event = env.event
    shown, hidden = (s.positions[s.cursor] for s in (event.before, event.after))
    seen = observation["entities"][env.state.cursor, :2]
    np.testing.assert_allclose(seen, shown, atol=1e-3)
    assert np.abs(seen - hidden).max() > 0.1


def test_pictures_mark_the_answer_once_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Overlay] = []

    def draw(self: ParticleEnv, overlay: Overlay) -> np.ndarray:
        drawn.append(overlay)
        return np.zeros((8, 8, 3), dtype=np.uint8)

    monkeypatch.setattr(ParticleEnv, "_draw", draw)
    env = ParticleEnv(AllButOne(), task="identify", render_mode="rgb_array")
    env.reset(seed=0)
    env.render()
    assert drawn[-1].attended is None
    env.step(np.where(env.event.attention, 1.0, -1.0))
    env.render()
    np.testing.assert_array_equal(drawn[-1].attended_mask, env.event.answer)
    np.testing.assert_array_equal(drawn[-1].identified_mask, env.event.attention)
    other = ParticleEnv(AllButOne(), render_mode="rgb_array")
    other.reset(seed=0)
    other.render()
    np.testing.assert_array_equal(drawn[-1].attended_mask, other.event.attention)
