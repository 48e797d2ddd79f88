"""Laws are what demonstrations hold constant; what is constant by luck is none."""

import numpy as np
import pytest

from conceptgym.agents.rivals.statistics import Law, find_law, right_ones


def scenes(rng, values, *, number=300):
    """Quantities of demonstrations (each a dictionary) and uniform chance for each."""
    shown = [{name: np.array([value]) for name, value in one.items()} for one in values]
    chance = [{name: rng.uniform(-1.0, 1.0, size=number) for name in one} for one in values]
    return shown, chance


def test_a_constant_is_a_law_and_what_varies_as_by_chance_is_none():
    rng = np.random.default_rng(0)
    values = [{"held": 0.3, "free": x} for x in (-0.9, -0.4, 0.1, 0.5, 0.9)]
    law = find_law(*scenes(rng, values))
    assert law.names == ("held",)
    assert law.centres == pytest.approx([0.3])


def test_what_no_variant_changes_is_no_law():
    rng = np.random.default_rng(1)
    shown, chance = scenes(rng, [{"fixed": 0.3}] * 5)
    for one in chance:
        one["fixed"] = np.full(300, 0.3)
    assert find_law(shown, chance).names == ()


def test_false_laws_are_rare():
    rng = np.random.default_rng(2)
    names = [f"free {number}" for number in range(30)]
    found = 0
    for _ in range(100):
        values = [{name: rng.uniform(-1.0, 1.0) for name in names} for _ in range(5)]
        found += len(find_law(*scenes(rng, values)).names)
    assert found / (100 * 30) < 0.02


def test_a_range_is_a_law_of_that_width():
    rng = np.random.default_rng(3)
    values = [{"near": 0.2 + x} for x in (-0.06, -0.03, 0.0, 0.04, 0.05)]
    law = find_law(*scenes(rng, values))
    assert law.names == ("near",)
    assert 0.03 < law.scales[0] < 0.08


def gain_of(shown, chance):
    return lambda rows: find_law([shown[k] for k in rows], [chance[k] for k in rows]).gain


def test_one_wrong_demonstration_in_five_is_left_out():
    rng = np.random.default_rng(4)
    for spread in (0.0, 0.05):
        values = [{"held": rng.normal(0.3, spread), "also": 0.1} for _ in range(5)]
        values[2] = {"held": -0.6, "also": 0.8}
        assert right_ones(5, gain_of(*scenes(rng, values))) == [0, 1, 3, 4]


def test_none_of_five_that_agree_alike_is_left_out():
    rng = np.random.default_rng(5)
    for _ in range(20):
        values = [{"held": rng.uniform(0.2, 0.4)} for _ in range(5)]
        assert right_ones(5, gain_of(*scenes(rng, values))) == [0, 1, 2, 3, 4]


def test_few_demonstrations_are_all_believed():
    assert right_ones(3, lambda rows: -float(len(rows))) == [0, 1, 2]


def test_the_gain_is_what_chance_fails_to_explain():
    rng = np.random.default_rng(6)
    narrow = find_law(*scenes(rng, [{"held": 0.3}] * 5)).gain
    wide = find_law(*scenes(rng, [{"held": 0.3 + x} for x in (-0.2, -0.1, 0, 0.1, 0.2)])).gain
    assert narrow > wide > 0.0
    assert find_law(*scenes(rng, [{"free": x} for x in (-0.9, -0.4, 0, 0.5, 0.9)])).gain == 0.0


def test_what_explains_part_of_its_price_is_a_hint_of_less_weight():
    rng = np.random.default_rng(5)
    offsets = (-0.35, -0.15, 0.0, 0.15, 0.35)
    shown, chance = scenes(rng, [{"hint": x} for x in offsets])
    assert find_law(shown, chance).names == ()
    hinted = find_law(shown, chance, hints=True)
    assert hinted.names == ("hint",)
    assert hinted.scales[0] > 1.2 * np.std(offsets, ddof=1)


def test_what_follows_from_the_laws_is_no_hint():
    rng = np.random.default_rng(7)
    offsets = (-0.05, -0.02, 0.0, 0.02, 0.05)
    shown, chance = scenes(rng, [{"held": 0.3, "follows": 0.3 + x} for x in offsets])
    for one in chance:
        one["follows"] = one["held"] + rng.uniform(-0.02, 0.02, size=300)
    assert find_law(shown, chance, hints=True).names == ("held",)


def test_deviations_are_measured_in_the_laws_scales():
    law = Law(names=("a", "b"), centres=np.array([1.0, 2.0]), scales=np.array([0.5, 2.0]))
    found = law.deviations({"a": np.array([1.0, 2.0]), "c": np.array([0.0, 0.0])})
    assert found.tolist() == [[0.0, 0.0], [2.0, 0.0]]  # no quantity, no deviation


def test_a_law_around_values_is_not_led_away_by_one_of_them():
    shown = [{"a": np.array([value])} for value in (0.1, 0.11, 0.12, 0.13, 9.0)]
    assert Law.around(shown, ["a"]).centres == pytest.approx([0.12])


def test_no_demonstrations_give_no_law():
    assert find_law([], []).names == ()
