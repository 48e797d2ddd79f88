"""The encoder: a function of the set of demonstrations, however ordered and padded."""

import pytest
import torch
from agent_scenes import TINY, permuted, random_scene
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from conceptgym.agents.encoder import ConceptEncoder
from conceptgym.agents.energy import Scene

torch.manual_seed(0)
ENCODER = ConceptEncoder(TINY).double().requires_grad_(False)
SHOWN = 4
quick = settings(max_examples=25, deadline=None, derandomize=True)


def make_demos(seed: int, count: int = SHOWN) -> tuple[torch.Tensor, Scene]:
    after = random_scene(seed, count=count)
    after = after.replace(attention=after.attention.round() * after.present)
    before = after.entities.clone()
    before[:, 1, :2] = random_scene(seed + 1, count=count).entities[:, 2, :2]
    return before, after


def encode(before: torch.Tensor, after: Scene, given: list[float] | None = None) -> torch.Tensor:
    weights = torch.tensor([given or [1.0] * len(before)], dtype=torch.float64)
    return ENCODER(before, after, weights)[0]


def rows_of(scene: Scene, rows: list[int]) -> Scene:
    return Scene(**{name: value[rows] for name, value in vars(scene).items()})


@quick
@for_all(seed=st.integers(0, 999), order=st.permutations(range(SHOWN)))
def test_the_order_of_demonstrations_does_not_matter(seed: int, order: list[int]) -> None:
    before, after = make_demos(seed)
    torch.testing.assert_close(encode(before[order], rows_of(after, order)), encode(before, after))


@quick
@for_all(seed=st.integers(0, 999), order=st.permutations(range(9)))
def test_the_order_of_entities_does_not_matter(seed: int, order: list[int]) -> None:
    before, after = make_demos(seed)
    torch.testing.assert_close(
        encode(before[:, order], permuted(after, order)), encode(before, after)
    )


@pytest.mark.parametrize("shown", [1, 2, 3])
def test_padded_demonstrations_do_not_matter(shown: int) -> None:
    before, after = make_demos(7)
    padded = encode(before, after, [1.0] * shown + [0.0] * (SHOWN - shown))
    rows = list(range(shown))
    torch.testing.assert_close(padded, encode(before[rows], rows_of(after, rows)))


def test_sets_of_a_batch_do_not_mix() -> None:
    before, after = make_demos(8)
    both = ENCODER(before, after, torch.ones(2, 2).double())
    for number in range(2):
        rows = [2 * number, 2 * number + 1]
        torch.testing.assert_close(both[number], encode(before[rows], rows_of(after, rows)))


def test_where_in_the_plane_does_not_matter() -> None:
    before, after = make_demos(9)
    shift = torch.tensor([0.4, -0.3, 0.0, 0.0, 0.0, 0.0]) * after.present[..., None]
    moved = after.replace(entities=after.entities + shift)
    torch.testing.assert_close(encode(before + shift, moved), encode(before, after))


def test_codes_have_zero_mean_and_unit_variance() -> None:
    code = encode(*make_demos(10))
    assert code.shape == (TINY.code_size,)
    torch.testing.assert_close(code.mean(), torch.zeros(()).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(code.var(correction=0), torch.ones(()).double(), atol=1e-2, rtol=0)


def test_what_is_shown_matters() -> None:
    before, after = make_demos(11)
    code = encode(before, after)
    others = {
        "the end": after.replace(entities=after.entities + 0.2 * after.movable[..., None]),
        "the attention": after.replace(attention=after.present - after.attention),
    }
    for scene in others.values():
        assert not torch.allclose(encode(before, scene), code, atol=1e-4)
    assert not torch.allclose(encode(after.entities, after), code, atol=1e-4)  # the start


def test_plain_features_are_the_attended_entities_own() -> None:
    """Mean offset to the cursor, mean distance and mean colour of the attended; their number."""
    before, after = make_demos(12, count=1)
    attention = torch.zeros_like(after.attention)
    attention[0, [0, 3]] = 1.0
    plain = ENCODER.describe(before, after.replace(attention=attention))[0, TINY.width :]
    entities = after.entities[0]
    offsets = [entities[1, :2] - entities[row, :2] for row in (0, 3)]
    distances = [(offset.square().sum() + 1e-4).sqrt() for offset in offsets]
    expected = torch.cat(
        [
            torch.stack(offsets).mean(0),
            torch.stack(distances).mean()[None],
            entities[[0, 3], 2:5].mean(0),
            torch.tensor([2.0 / 3.0], dtype=torch.float64),
        ]
    )
    torch.testing.assert_close(plain, expected)
