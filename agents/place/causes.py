"""Failures in the place world, and what each is put down to."""

from __future__ import annotations

from collections.abc import Sequence

from .outcomes import PlaceOutcome


def failures(outcomes: Sequence[PlaceOutcome]) -> list[tuple[PlaceOutcome, str]]:
    """Each failure with its cause; if the same episode fails undisturbed too, with that one's."""
    undisturbed = plain(outcomes)
    found = []
    for outcome in outcomes:
        if outcome.success:
            continue
        beside = undisturbed.get((outcome.cell, outcome.episode))
        if outcome.cause == "disturbance" and beside is not None and not beside.success:
            found.append((outcome, beside.cause))
        else:
            found.append((outcome, outcome.cause))
    return found


def plain(outcomes: Sequence[PlaceOutcome]) -> dict[tuple[str, int], PlaceOutcome]:
    """Undisturbed outcomes by cell and episode."""
    return {(o.cell, o.episode): o for o in outcomes if o.condition == "plain"}
