"""Outcomes of the place world made up, and a policy whose attempts are."""

from __future__ import annotations

from typing import Any

from conceptgym.agents.place.outcomes import PlaceOutcome


def disturbed(kind: str, **changes: Any) -> PlaceOutcome:
    """The same with a disturbance of a kind, which happened."""
    return placed(**{"condition": "disturbed", "disturb": kind, "happened": True} | changes)


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
