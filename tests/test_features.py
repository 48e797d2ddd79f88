"""What the network sees: in closed form, and unchanged where scene and code change together."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from agent_scenes import (
    ORDER,
    PLACES,
    attending,
    permuted,
    random_codes,
    random_scene,
    rotation,
    turned,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.code import Code
from conceptgym.agents.features import (
    NODE_FEATURES,
    PAIR_FEATURES,
    WHOLE_FEATURES,
    Discrepancies,
    discrepancies,
)
from conceptgym.agents.scene import Scene
from conceptgym.envs.entities import CURSOR, ZONE_RADIUS

SEEDS = st.integers(0, 2**16)
ANGLES = st.floats(-3.0, 3.0)
quick = settings(max_examples=25)
MEMBERSHIP, SURPLUS, COLOUR, TOUCHED, AWAY = 7, 8, 35, 37, 39


def small(seed: int, *, static: bool = False) -> Scene:
    """Scenes so close to the middle that no figure meets the plane's edge."""
    scene = attending(random_scene(seed, number=8), random_codes(seed))
    entities = scene.entities.clone()
    entities[..., :2] *= 0.15
    scene = scene.replace(entities=entities)
    return scene.as_static() if static else scene


def changed(code: Code, **parts: torch.Tensor) -> Code:
    return Code(**{**vars(code), **parts})


def without_places(seen: Discrepancies) -> torch.Tensor:
    return torch.cat([seen.nodes[..., : PLACES.start], seen.nodes[..., PLACES.stop :]], -1)


def test_the_numbers_of_features_are_as_announced() -> None:
    seen = discrepancies(random_scene(0), Code.split(random_codes(0)))
    assert seen.nodes.shape == (2, 9, NODE_FEATURES)
    assert seen.pairs.shape == (2, 9, 9, PAIR_FEATURES)
    assert seen.whole.shape == (2, WHOLE_FEATURES)
    assert seen.aligned.shape == (2, 9, 2)


@pytest.mark.parametrize("static", [False, True])
@quick
@given(seed=SEEDS, angle=ANGLES)
def test_scene_and_code_may_be_turned_together(static: bool, seed: int, angle: float) -> None:
    scene, code = small(seed, static=static), Code.split(random_codes(seed))
    one = discrepancies(scene, code)
    offset = code.offset @ rotation(angle).T
    other = discrepancies(turned(scene, angle), changed(code, offset=offset))
    torch.testing.assert_close(other.pairs, one.pairs)
    torch.testing.assert_close(other.whole, one.whole)
    torch.testing.assert_close(without_places(other), without_places(one), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(other.aligned, one.aligned @ rotation(angle).T)


@pytest.mark.parametrize("static", [False, True])
@quick
@given(seed=SEEDS, angle=ANGLES)
def test_the_codes_figure_may_be_turned_alone(static: bool, seed: int, angle: float) -> None:
    scene, code = small(seed, static=static), Code.split(random_codes(seed))
    template = (code.figure @ rotation(angle).T).flatten(1)
    one, other = (discrepancies(scene, c) for c in (code, changed(code, template=template)))
    torch.testing.assert_close(other.nodes, one.nodes)
    torch.testing.assert_close(other.whole, one.whole)
    torch.testing.assert_close(other.aligned, one.aligned)


@quick
@given(seed=SEEDS, x=st.floats(-0.1, 0.1), y=st.floats(-0.1, 0.1))
def test_scene_and_code_may_be_shifted_together(seed: int, x: float, y: float) -> None:
    scene, code = small(seed), Code.split(random_codes(seed))
    shift, entities = torch.tensor([x, y], dtype=torch.float64), scene.entities.clone()
    entities[..., :2] += shift
    one = discrepancies(scene, code)
    other = discrepancies(scene.replace(entities=entities), changed(code, place=code.place + shift))
    torch.testing.assert_close(other.pairs, one.pairs)
    torch.testing.assert_close(other.whole, one.whole)
    here = scene.present > 0
    difference = (other.nodes - one.nodes)[here]
    torch.testing.assert_close(difference[:, 11:13], shift.expand(len(difference), 2))
    same = [column for column in range(NODE_FEATURES) if not 11 <= column < 31]
    assert difference[:, same].abs().max() < 1e-6  # that is, all but places and marks


@quick
@given(seed=SEEDS)
def test_colours_count_by_their_distances_alone(seed: int) -> None:
    """Any rotation or mirroring of the space of colours goes unseen."""
    draw = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(3, 3, generator=draw, dtype=torch.float64))
    scene, code = random_scene(seed), Code.split(random_codes(seed))
    entities = scene.entities.clone()
    entities[..., 2:5] = scene.colours @ basis
    parts = {"colour": code.colour @ basis, "touched": code.touched @ basis}
    one = discrepancies(scene, code)
    other = discrepancies(scene.replace(entities=entities), changed(code, **parts))
    torch.testing.assert_close(other.pairs, one.pairs)
    torch.testing.assert_close(other.nodes, one.nodes)
    assert not torch.allclose(
        discrepancies(scene.replace(entities=entities), code).nodes, one.nodes
    )


@quick
@given(seed=SEEDS, order=st.permutations(range(9)))
def test_rows_may_stand_in_any_order(seed: int, order: list[int]) -> None:
    codes = random_codes(seed)
    scene, code = attending(random_scene(seed, number=8), codes), Code.split(codes)
    one, other = discrepancies(scene, code), discrepancies(permuted(scene, order), code)
    torch.testing.assert_close(other.nodes, one.nodes[:, order])
    torch.testing.assert_close(other.pairs, one.pairs[:, order][:, :, order])
    torch.testing.assert_close(other.whole, one.whole)


def test_pairs_in_closed_form() -> None:
    """[i, j] looks from i to j: distance, misses of the offset either way, excess, contrast."""
    scene, code = random_scene(3, count=1), Code.split(random_codes(3, count=1))
    pairs = discrepancies(scene, code).pairs[0]
    offset, least = code.offset[0].numpy(), float(code.distance)
    for i, j in ((0, 2), (2, 0), (1, 4)):
        gap = (scene.positions[0, j] - scene.positions[0, i]).numpy()
        tint = (scene.colours[0, j] - scene.colours[0, i]).numpy()

        def soft(vector: np.ndarray | float) -> float:
            return math.sqrt(float(np.sum(np.square(vector))) + 1e-4)

        def fine(value: float) -> list[float]:
            return [value, math.log(value + 0.03)]

        away = soft(gap)
        expected = [
            *fine(away),
            away / (0.3 + away),
            *fine(soft(gap + offset)),
            *fine(soft(gap - offset)),
            away - least,
            *fine(soft(away - least)),
            *fine(soft(tint)),
        ]
        np.testing.assert_allclose(pairs[i, j].numpy(), expected)


def test_an_entity_as_demonstrated_shows_no_discrepancy() -> None:
    scene, code = random_scene(4, count=1), Code.split(random_codes(4, count=1))
    colours = {"colour": scene.colours[:, 2], "touched": scene.colours[:, 3]}
    nodes = discrepancies(scene, changed(code, **colours)).nodes[0]
    assert int(nodes[:6, COLOUR].argmin()) == 2 and int(nodes[:6, TOUCHED].argmin()) == 3
    assert nodes[2, COLOUR] == nodes[3, TOUCHED] == pytest.approx(0.01)
    assert not nodes[6:].any()  # nothing is seen of absent rows


def zone_scene(counts: tuple[int, ...]) -> Scene:
    """A zone for each of `counts`, with so many objects in it, clear of its rim; a cursor."""
    centres = [(-0.6, -0.5), (0.5, 0.5), (0.6, -0.6)][: len(counts)]
    rows = [(*centres[0], 0.0, 0.0, 0.0, 1.0, 0.0)]
    for centre, number in zip(centres, counts, strict=True):
        rows.append((*centre, 0.6, 0.6, 0.6, 0.0, 1.0))
        angles = 2.0 * np.pi * np.arange(number) / max(number, 1)
        places = np.array(centre) + 0.4 * ZONE_RADIUS * np.stack([np.cos(angles), np.sin(angles)]).T
        rows += [(*place, 1.0, 0.0, 0.0, 0.0, 0.0) for place in places]
    rows.append((0.0, 0.95, 0.0, 0.0, 1.0, 0.0, 0.0))  # in no zone
    entities = torch.tensor([rows], dtype=torch.float64)
    nothing = torch.zeros(1, len(rows), dtype=torch.float64)
    return Scene(
        entities=entities,
        attention=nothing,
        present=1.0 + nothing,
        movable=nothing,
        paintable=nothing,
    )


def test_zones_show_how_many_objects_they_have_too_many() -> None:
    scene, code = zone_scene((1, 4)), Code.split(random_codes(5, count=1))
    code = changed(code, inside=torch.tensor([[0.3]], dtype=torch.float64))
    surplus = discrepancies(scene, code).nodes[0, :, SURPLUS]
    first, second = torch.nonzero(scene.zone[0])[:, 0].tolist()
    assert surplus[first] == pytest.approx(-2 / 4, abs=1e-4)  # neither cursor nor zone counts
    assert surplus[second] == pytest.approx(1 / 4, abs=1e-4)
    assert not surplus[scene.zone[0] == 0].any()
    for row, expected in ((first, -0.5), (second, 0.25)):
        attention = torch.zeros_like(scene.attention)
        attention[0, row] = 1.0
        whole = discrepancies(scene.replace(attention=attention), code).whole[0]
        assert whole[-1] == pytest.approx(expected, abs=1e-4)


def test_objects_are_ranked_by_their_distance_from_the_attended_middle() -> None:
    """Counted from the number inside, in fours, and each object itself counts half."""
    scene, code = zone_scene((3,)), Code.split(random_codes(5, count=1))
    (row,) = torch.nonzero(scene.zone[0])[:, 0].tolist()
    entities, attention = scene.entities.clone(), torch.zeros_like(scene.attention)
    attention[0, row] = 1.0
    objects = torch.nonzero(scene.objects[0])[:, 0].tolist()
    middle = entities[0, row, :2].clone()
    for number, place in zip(objects, (0.9, 0.3, 0.7, 0.5), strict=True):
        entities[0, number, :2] = middle + torch.tensor([place, 0.0])
    code = changed(code, inside=torch.tensor([[0.2]], dtype=torch.float64))
    scene = scene.replace(entities=entities, attention=attention)
    found = discrepancies(scene, code).nodes[0, :, ORDER]
    expected = [(rank + 0.5 - 2.0) / 4.0 for rank in (3, 0, 2, 1)]
    np.testing.assert_allclose(found[objects].numpy(), expected, atol=1e-3)
    assert found.count_nonzero() == len(objects)
    assert not discrepancies(scene.as_static(), code).nodes[..., ORDER].any()


def test_ranks_and_numbers_have_no_gradient() -> None:
    """They change by steps, so that no descent is led by them."""
    scene, code = zone_scene((2, 1)), Code.split(random_codes(5, count=1))
    entities = scene.entities.clone().requires_grad_(True)
    scene = scene.replace(entities=entities, attention=scene.zone.detach())
    nodes = discrepancies(scene, code).nodes
    for column in (SURPLUS, SURPLUS + 1, ORDER):
        (found,) = torch.autograd.grad(nodes[..., column].sum(), entities, retain_graph=True)
        assert nodes[..., column].any() and not found[..., :2].any()


def test_marks_say_which_lines_a_place_has_passed() -> None:
    scene, code = random_scene(2, count=1), Code.split(random_codes(2, count=1))
    entities = scene.entities.clone()
    entities[0, 0, :2] = torch.tensor([0.1, -0.9])
    found = discrepancies(scene.replace(entities=entities), code).nodes[0, 0, 13:31].view(2, 9)
    assert (found[0] > 0.5).tolist() == [True] * 5 + [False] * 4  # lines from -0.8 to 0.8
    assert not (found[1] > 0.5).any()


def test_where_nothing_is_edited_the_code_s_figure_is_looked_for() -> None:
    """The attended entities form it, and are found whatever the attention says so far."""
    code = Code.split(random_codes(6, count=1))
    number = int(code.count.round())
    scene = random_scene(6, count=1, number=8, rows=9)
    entities = scene.entities.clone()
    entities[..., CURSOR] = 0.0
    entities[0, 8, CURSOR] = 1.0
    far = (code.figure[0, :number, None] - code.figure[0, None, :number]).norm(dim=-1).argmax()
    order = [int(far) // number, int(far) % number]
    order += [k for k in range(number) if k not in order]
    figure = code.figure.clone()
    figure[0, :number] = code.figure[0, order]
    entities[0, :number, :2] = 0.4 * figure[0, :number] @ rotation(1.0).T
    scene = scene.replace(entities=entities).as_static()
    seen = discrepancies(scene, changed(code, template=figure.flatten(1)))
    expected = [1.0] * number + [0.0] * (9 - number)
    np.testing.assert_allclose(seen.nodes[0, :, MEMBERSHIP].numpy(), expected, atol=0.1)
    assert seen.whole[0, 3] == pytest.approx(math.log(0.03), abs=0.02)
    assert torch.equal(seen.aligned, scene.positions)


def test_where_the_attended_form_the_figure_nothing_is_to_be_moved() -> None:
    code = Code.split(random_codes(7, count=1))
    number = int(code.count.round())
    scene = random_scene(7, count=1, number=8)
    entities, attention = scene.entities.clone(), torch.zeros_like(scene.attention)
    rows = [0, 2, 3, 4, 5, 6, 7][:number]  # row 1 is the cursor
    entities[0, rows, :2] = 0.3 * code.figure[0, :number]
    attention[0, rows] = 1.0
    seen = discrepancies(scene.replace(entities=entities, attention=attention), code)
    torch.testing.assert_close(seen.aligned, entities[..., :2], atol=1e-6, rtol=0)
    assert seen.nodes[0, rows, AWAY].max() < 0.0101
    assert seen.whole[0, 3] == pytest.approx(math.log(0.03), abs=0.02)


def test_there_is_a_gradient_where_everything_coincides() -> None:
    scene, code = random_scene(8), Code.split(random_codes(8))
    entities = torch.zeros_like(scene.entities).requires_grad_(True)
    for mode in (scene, scene.as_static()):
        seen = discrepancies(mode.replace(entities=entities), code)
        parts = (seen.nodes, seen.pairs, seen.whole, seen.aligned)
        total = torch.stack([part.sum() for part in parts]).sum()
        (found,) = torch.autograd.grad(total, entities)
        assert torch.isfinite(found).all()


@pytest.mark.parametrize("static", [False, True])
@quick
@given(seed=SEEDS, other=st.integers(1, 8))
def test_without_closed_forms_nothing_in_nodes_relates_entities(
    static: bool, seed: int, other: int
) -> None:
    """Neither where another one is, nor whether it is meant, changes what is seen of an entity."""
    scene, code = small(seed, static=static), Code.split(random_codes(seed))
    entities, attention = scene.entities.clone(), scene.attention.clone()
    entities[:, other, :2] += 0.3
    attention[:, other] = 1.0 - attention[:, other]
    changed_scene = scene.replace(entities=entities, attention=attention)
    one, two = (discrepancies(each, code, closed_forms=False) for each in (scene, changed_scene))
    alike = [row for row in range(9) if row != other]
    torch.testing.assert_close(two.nodes[:, alike], one.nodes[:, alike], rtol=0, atol=0)
    torch.testing.assert_close(two.whole[:, :-1], one.whole[:, :-1], rtol=0, atol=0)
    torch.testing.assert_close(one.aligned, scene.positions, rtol=0, atol=0)
    assert not one.nodes[..., [MEMBERSHIP, SURPLUS, ORDER]].any()
