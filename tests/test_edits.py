"""Edits: a term asks of a scene only what its own demonstrations could change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from agent_scenes import demonstrations, draw_event, fixed_demonstrations

from conceptgym.agents.edits import Edits
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of
from conceptgym.envs.errors import NoDemonstrationsError

NEVER = (False, False, False)
EVENT = draw_event("colour", seed=3, n_objects=4)
EVERYTHING = replace(
    EVENT.before, movable=EVENT.before.present.copy(), paintable=EVENT.before.present.copy()
)


def count_edits(scene: Scene) -> torch.Tensor:
    """A term that tells which entities it sees as editable."""
    weights = 2.0 ** torch.arange(scene.present.shape[1])
    return (scene.movable * weights).sum(-1) + 1000.0 * (scene.paintable * weights).sum(-1)


def masks_seen(edits: Edits, attention: np.ndarray | None = None) -> tuple[list[int], list[int]]:
    seen: list[Scene] = []

    def look(scene: Scene) -> torch.Tensor:
        seen.append(scene)
        return scene.present[:, 0]

    edits.limit(look, attention)(scene_of(EVERYTHING, EVENT.attention).repeat(2))
    movable, paintable = seen[0].movable[1], seen[0].paintable[1]
    return movable.nonzero()[:, 0].tolist(), paintable.nonzero()[:, 0].tolist()


@pytest.mark.parametrize(
    ("concept", "moved", "painted"),
    [
        ("between", (True, False, False), NEVER),
        ("colour", NEVER, (False, True, False)),
        ("region", (False, True, False), NEVER),
        ("square", (False, True, False), NEVER),
    ],
)
def test_they_are_read_off_the_demonstrations(
    concept: str, moved: tuple[bool, ...], painted: tuple[bool, ...]
) -> None:
    assert Edits.of(demonstrations(concept)) == Edits(moved=moved, painted=painted)


def test_a_term_sees_only_what_it_may_change() -> None:
    cursor = [EVENT.before.cursor]
    attended = np.flatnonzero(EVENT.attention).tolist()
    assert masks_seen(Edits.of(demonstrations("between"))) == (cursor, [])
    assert masks_seen(Edits.of(demonstrations("colour"))) == ([], attended)
    assert masks_seen(Edits.of(demonstrations("region"))) == (attended, [])
    others = np.flatnonzero(EVENT.before.objects & ~EVENT.attention).tolist()
    assert masks_seen(Edits(moved=(False, False, True), painted=NEVER)) == (others, [])


def test_a_terms_own_attention_says_what_is_attended() -> None:
    own = EVENT.before.objects & ~EVENT.attention
    edits = Edits.of(demonstrations("region"))
    assert masks_seen(edits, own) == (np.flatnonzero(own).tolist(), [])


def test_in_a_scene_of_its_own_nothing_is_taken_away() -> None:
    for concept in ("between", "colour", "region", "square"):
        event = draw_event(concept, seed=5)
        scene = scene_of(event.before, event.attention)
        term = Edits.of(demonstrations(concept)).limit(count_edits)
        torch.testing.assert_close(term(scene), count_edits(scene))


def test_demonstrations_in_which_nothing_could_change_allow_everything() -> None:
    everything = (True, True, True)
    assert Edits.of(fixed_demonstrations("near")) == Edits(moved=everything, painted=everything)


def test_no_demonstrations_are_refused() -> None:
    with pytest.raises(NoDemonstrationsError, match=r"^demonstrations is empty; "):
        Edits.of([])
