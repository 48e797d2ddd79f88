"""Carries plans out in the particle world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..envs.particle import action_towards
from .generate import GenerateResult
from .plan import Plan, Planner, View, make_plan


class ParticlePolicy:
    """Goes straight to what was planned; plans anew when the scene has changed."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._view: View | None = None
        self.plan: Plan | None = None

    def act(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The action for an observation: (16, 5) to generate, (16,) to identify."""
        view = View.of(observation)
        known = self._view
        if self.plan is None or known is None or not view.same_scene(known) or view.moved(known):
            self._view, self.plan = view, make_plan(self._planner, view)
        result = self.plan.result
        if isinstance(result, GenerateResult):
            return action_towards(view.state, result.entities)
        return np.where(result.attention, 1.0, -1.0).astype(np.float32)
