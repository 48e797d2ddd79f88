"""Films of failures in the place world: one of each cause, the shortest, and it can be watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import imageio.v3 as iio
import numpy as np
import pytest
from place_outcome_scenes import placed

from conceptgym.agents.concept_agent import ConceptAgent
from conceptgym.agents.place import films as place_films
from conceptgym.agents.place.films import film, film_failures
from conceptgym.agents.place.outcomes import PlaceOutcome, make_world, prepare, run_trial
from conceptgym.agents.place.trials import Trial

FAILED = [
    placed(success=False, cause="grasp", steps=300, episode=1),
    placed(success=False, cause="grasp", steps=200, episode=2),
    placed(success=False, cause="plan", steps=60, condition="plane"),
    placed(success=False, cause="plan", steps=4000, condition="ur5e", cell="stack of two"),
    placed(success=False, cause="disturbance", steps=400, condition="disturbed"),
    placed(),
]


def test_the_shortest_failure_of_each_cause_is_filmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the arm: the plane's are not."""
    filmed: list[tuple[PlaceOutcome, Path, int]] = []

    def note(outcome: PlaceOutcome, path: Path, *, seed: int) -> Path:
        filmed.append((outcome, path, seed))
        return path

    monkeypatch.setattr(place_films, "film", note)
    paths = film_failures(FAILED, tmp_path, seed=7)
    assert paths == [tmp_path / f"{cause}.mp4" for cause in ("plan", "grasp", "disturbance")]
    assert filmed == [
        (outcome, path, 7)
        for outcome, path in zip((FAILED[3], FAILED[1], FAILED[4]), paths, strict=True)
    ]
    assert film_failures(FAILED[-1:], tmp_path, seed=7) == []


@pytest.mark.parametrize("cell", ["near", "left_of + near"])
def test_a_film_shows_the_very_episode(
    cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second look at it and the end: the frames are those of the trial run again."""
    steps, made = 9, []
    trial = Trial(4, cell, "disturbed")

    def small(trial: Trial, concept: Any, **options: Any) -> gym.Env:
        env = make_world(
            trial,
            concept,
            max_episode_steps=steps,
            frame_size=(32, 48),
            backend="raycast",
            **options,
        )
        made.append(env.unwrapped)
        return env

    monkeypatch.setattr(place_films, "make_world", small)
    outcome = placed(cell=cell, episode=4, condition="disturbed", success=False, cause="plan")
    path = film(outcome, tmp_path / "new" / "plan.mp4", seed=0)
    assert path == tmp_path / "new" / "plan.mp4"
    frames = iio.imread(path)
    assert frames.shape == ((2 + steps + 1) // 2, 32, 48, 3)  # two before the first step
    assert np.ptp(frames) > 50
    (world,) = made
    concept, shown, scene = prepare(trial, seed=0)
    agent = ConceptAgent.from_pretrained()
    for number, demonstrations in enumerate(shown):
        agent.observe(demonstrations, join=number > 0)
    again = make_world(trial, concept)
    observation, _ = again.reset(seed=scene)
    for _ in range(steps):
        observation, *_ = again.step(agent.predict(observation)[0])
    np.testing.assert_array_equal(again.unwrapped.world.poses, world.world.poses)  # pyright: ignore


def test_long_episodes_are_shown_faster_up_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_films, "_MOST_FRAMES", 4)
    taken: list[int] = []

    class Camera:
        unwrapped = None

        def render(self) -> np.ndarray:
            taken.append(len(taken))
            return np.full((16, 16, 3), 40 * len(taken), dtype=np.uint8)

        def close(self) -> None:
            taken.append(-1)

    def act(agent: Any, env: Any, trial: Trial, *, scene: int, on_step: Any) -> None:
        for _ in range(22):
            on_step(env)

    monkeypatch.setattr(place_films, "make_world", lambda *_, **__: Camera())
    monkeypatch.setattr(place_films, "act", act)
    frames = iio.imread(film(placed(steps=22), tmp_path / "plan.mp4", seed=0))
    assert len(frames) == 4 and taken == [0, 1, 2, 3, -1]  # steps 6, 12, 18 and the last


def test_an_episode_runs_alike_with_a_camera_and_without() -> None:
    trial = Trial(0, "identify near", "plain")
    concept, (shown,), scene = prepare(trial, seed=0)
    agent = ConceptAgent.from_pretrained()
    agent.observe(shown)
    env = make_world(trial, concept, render_mode="rgb_array", frame_size=(32, 48))
    outcome = place_films.act(agent, env, trial, scene=scene, on_step=lambda _: None)
    assert outcome == run_trial(ConceptAgent.from_pretrained(), trial)
