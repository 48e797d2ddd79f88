"""Outcomes of the place world made up, and a policy whose attempts are."""

from __future__ import annotations

from typing import Any

from conceptgym.agents.place_outcomes import PlaceOutcome


def placed(**changes: Any) -> PlaceOutcome:
    """A success at `near`, plain, but for `changes`."""
    usual: dict[str, Any] = {
        "cell": "near",
        "condition": "plain",
        "episode": 0,
        "success": True,
        "steps": 200,
    }
    return PlaceOutcome(**usual | changes)
