"""The frames of an episode, taken as it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

import gymnasium as gym
import numpy as np


@dataclass(kw_only=True)
class Film:
    """Frames of an environment with ``render_mode="rgb_array"``.

    Attributes:
        every: steps from frame to frame.
        first: so many steps at the beginning have a frame each.
        frames: (height, width, 3) uint8 each.
    """

    every: int = 1
    first: int = 0
    frames: list[np.ndarray] = field(default_factory=list)
    _steps: int = 0
    _shown: bool = False

    def shoot(self, env: gym.Env) -> None:
        """Call it after each step."""
        self._steps += 1
        self._shown = False
        if self._steps <= self.first or self._steps % self.every == 0:
            self._take(env)

    def finish(self, env: gym.Env) -> None:
        """Call it after the last step: the end has a frame, whichever step it was."""
        if not self._shown:
            self._take(env)

    def padded(self, length: int) -> list[np.ndarray]:
        """The frames, the last one held."""
        return self.frames + [self.frames[-1]] * (length - len(self.frames))

    def _take(self, env: gym.Env) -> None:
        frame = env.render()
        if isinstance(frame, np.ndarray):
            self.frames.append(frame)
            self._shown = True
