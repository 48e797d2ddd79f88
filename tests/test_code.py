"""The concept code: taken apart and put together, and what of it is normalised."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.code import PLAIN, PLAIN_SIZE, Code, normalise_code
from conceptgym.agents.geometry import SLOTS

quick = settings(max_examples=25)


def numbered(count: int, learned: int) -> torch.Tensor:
    """Codes (count, learned + PLAIN_SIZE) that count up."""
    size = learned + PLAIN_SIZE
    return torch.arange(count * size, dtype=torch.float64).view(count, size)


@quick
@given(count=st.integers(1, 4), learned=st.integers(1, 9))
def test_a_code_taken_apart_and_joined_is_the_same(count: int, learned: int) -> None:
    codes = numbered(count, learned)
    assert torch.equal(Code.split(codes).join(), codes)


def test_the_parts_lie_where_the_table_says() -> None:
    code = Code.split(numbered(1, 3))
    first = {
        "what": [0, 1, 2],
        "offset": [3, 4],
        "distance": [5],
        "place": [6, 7],
        "spread": [8, 9],
        "colour": [10, 11, 12],
        "touched": [13, 14, 15],
        "inside": [16],
        "number": [17],
        "template": list(range(18, 30)),
    }
    for name, expected in first.items():
        assert getattr(code, name)[0].tolist() == expected
    assert PLAIN_SIZE == 27 and list(PLAIN) == list(first)[1:]


def test_the_template_is_points_and_the_number_is_in_tens() -> None:
    code = Code.split(numbered(2, 1))
    assert code.figure.shape == (2, SLOTS, 2)
    assert code.figure[1, 2].tolist() == code.template[1, 4:6].tolist()
    torch.testing.assert_close(code.count, 10.0 * code.number[:, 0])


@quick
@given(seed=st.integers(0, 999), learned=st.integers(3, 40))
def test_only_the_learned_part_is_normalised(seed: int, learned: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    codes = 3.0 + 2.0 * torch.randn(2, learned + PLAIN_SIZE, generator=draw, dtype=torch.float64)
    found = normalise_code(codes)
    assert torch.equal(found[:, learned:], codes[:, learned:])
    what = found[:, :learned]
    torch.testing.assert_close(what.mean(1), torch.zeros(2).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(what.var(1, correction=0), torch.ones(2).double(), atol=1e-3, rtol=0)
    order = codes[:, :learned].argsort(1)  # moved and scaled, nothing else
    assert torch.equal(what.argsort(1), order)
    torch.testing.assert_close(normalise_code(found), found, atol=1e-3, rtol=1e-3)
