"""Which steps of an episode a film shows."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.envs.rendering.film import Film


class Counting(gym.Env):
    """Draws the number of the step."""

    def __init__(self) -> None:
        self.number = 0

    def render(self) -> np.ndarray:  # type: ignore[override]
        return np.full((2, 2, 3), self.number, dtype=np.uint8)


@pytest.mark.parametrize(
    ("every", "first", "steps", "shown"),
    [
        (1, 0, 3, [1, 2, 3]),
        (3, 0, 7, [3, 6, 7]),
        (3, 0, 6, [3, 6]),
        (3, 2, 7, [1, 2, 3, 6, 7]),
        (5, 2, 2, [1, 2]),
        (9, 0, 4, [4]),
    ],
)
def test_the_first_every_nth_and_the_last_are_shown_once(
    every: int, first: int, steps: int, shown: list[int]
) -> None:
    env, film = Counting(), Film(every=every, first=first)
    for env.number in range(1, steps + 1):
        film.shoot(env)
    film.finish(env)
    film.finish(env)
    assert [int(frame[0, 0, 0]) for frame in film.frames] == shown


def test_the_last_frame_is_held() -> None:
    env, film = Counting(), Film()
    film.shoot(env)
    env.number = 5
    film.shoot(env)
    assert [int(frame[0, 0, 0]) for frame in film.padded(4)] == [0, 5, 5, 5]
    assert len(film.padded(1)) == len(film.frames) == 2
