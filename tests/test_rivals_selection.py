"""Laws are selected by what they explain: closed forms, and what follows is not taken twice."""

import numpy as np
import pytest

from conceptgym.agents.rivals.selection import Variants, find_hints, obeying, select


def variants(obeys: np.ndarray, *, names=None, ratios=None) -> Variants:
    count = obeys.shape[2]
    return Variants(
        names=names or tuple(f"quantity {number}" for number in range(count)),
        ratios=np.full(count, 0.2) if ratios is None else np.array(ratios),
        obeys=obeys,
        distinct=np.full(len(obeys), float(obeys.shape[1])),
    )


def shares(*parts: float, number: int = 1000, shown: int = 5) -> np.ndarray:
    """Independent quantities that these parts of the variants obey."""
    rng = np.random.default_rng(0)
    return rng.random((shown, number, len(parts))) < parts


def test_a_share_explains_minus_its_logarithm_for_each_demonstration():
    obeys = np.zeros((5, 1000, 1), dtype=bool)
    obeys[:, :100] = True
    assert variants(obeys).explained([0]) == pytest.approx(5 * np.log(10.0), rel=0.01)
    assert variants(obeys).explained([]) == 0.0


def test_what_few_variants_obey_is_a_law_and_what_most_obey_is_none():
    kept, gain = select(variants(shares(0.1, 0.7)))
    assert kept == [0] and gain > 0.0


def test_what_follows_from_a_law_is_not_taken():
    first = shares(0.1)
    wider = first | shares(0.05)
    kept, _ = select(variants(np.concatenate([first, wider], axis=2)))
    assert kept == [0]


def test_independent_laws_are_all_taken():
    assert select(variants(shares(0.1, 0.15)))[0] == [0, 1]


def test_exact_quantities_are_taken_even_if_one_follows_from_the_other():
    first = shares(0.1)
    both = np.concatenate([first, first], axis=2)
    assert select(variants(both, ratios=[0.01, 0.01]))[0] == [0, 1]


def test_components_of_one_vector_are_taken_together():
    obeys = shares(0.45, 0.45)  # neither is worth its price alone
    assert select(variants(obeys))[0] == []
    assert select(variants(obeys, names=("place x", "place y")))[0] == [0, 1]


def test_what_varies_as_much_as_by_chance_is_never_a_law():
    assert select(variants(shares(0.01), ratios=[0.9]))[0] == []


def test_a_hint_weighs_what_part_of_its_price_it_explains():
    seen = variants(shares(0.6))
    assert select(seen)[0] == []
    (weight,) = find_hints(seen, []).values()
    assert weight == pytest.approx(5 * np.log(1 / 0.6) / 5.0, rel=0.1)
    assert find_hints(variants(shares(0.98)), []) == {}


def test_the_window_is_two_scales_wide_or_what_counts_as_exact():
    random = np.array([[[0.19, 0.19], [0.21, 0.21]]])
    centres, usual = np.zeros(2), np.ones(2)
    found = obeying(random, centres, np.array([0.1, 0.0]), usual)
    assert found[0].tolist() == [[True, False], [False, False]]
    assert obeying(random * 0.4, centres, np.zeros(2), usual)[0].tolist() == [
        [True] * 2,
        [False] * 2,
    ]


def test_few_distinct_variants_prove_little():
    obeys = np.zeros((5, 100, 1), dtype=bool)
    many = variants(obeys)
    few = Variants(names=many.names, ratios=many.ratios, obeys=obeys, distinct=np.full(5, 1.0))
    assert few.explained([0]) == pytest.approx(5 * np.log(3.0))
    assert many.explained([0]) > few.explained([0])
