"""What the tests of evaluations share: untrained weights on disk, and outcomes made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent_scenes import tiny_model

from conceptgym.agents.checkpoint import save_tensors
from conceptgym.agents.evaluation.arm import ArmFacts
from conceptgym.agents.evaluation.config import EvaluationConfig
from conceptgym.agents.evaluation.evaluator import Outcome

CARE = ArmFacts(
    fingertip_error=0.002,
    missed=0,
    joint_limit_violation=0.0,
    table_contacts=0,
    velocity_share=0.5,
    reason="reached",
    truncated=False,
)


def save_tiny(path: Path, *, seed: int = 0) -> Path:
    """Untrained weights at `path`, as training exports them."""
    model = tiny_model(seed)
    header = {"energy": model.energy.config.to_dict(), "step": 0, "seconds": 0.0}
    save_tensors(path, model.state_dict(), header)
    return path


def outcome(**changes: Any) -> Outcome:
    """A success of ours at `near`, but for `changes`."""
    usual: dict[str, Any] = {
        "concept": "near",
        "level": 1,
        "demonstrations": 5,
        "condition": "plain",
        "method": "ours",
        "world": "particle",
        "task": "generate",
        "episode": 0,
        "variant": "",
        "objects": 4,
        "success": True,
    }
    return Outcome(**usual | changes)


def outcomes(successes: int, episodes: int, **changes: Any) -> list[Outcome]:
    """So many successes among so many episodes."""
    return [outcome(episode=k, success=k < successes, **changes) for k in range(episodes)]


def small(**changes: Any) -> EvaluationConfig:
    """A quick evaluation of one concept in the plane by ours and by chance, but for `changes`."""
    usual: dict[str, Any] = {
        "concepts": ("near",),
        "levels": (1,),
        "methods": ("ours", "chance"),
        "worlds": ("particle",),
        "demonstrations": (1, 5),
        "conditions": ("plain",),
        "episodes": 2,
    }
    return EvaluationConfig(**usual | changes)
