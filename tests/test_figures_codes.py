"""Codes in two dimensions: their directions are the main ones, and both ways of red are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from agent_scenes import demonstrations, tiny_model
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents.data import training_families
from conceptgym.agents.figures import codes as module
from conceptgym.agents.figures.codes import FIND, MAKE, Codes, draw_codes, infer_codes


def made_up(size: int = 5) -> Codes:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, size)) * np.array([9.0, 4.0, *[0.1] * (size - 2)])
    return Codes(
        values=values,
        concepts=("near",) * 4 + ("colour",) * 4 + ("red",) * 4,
        ways=(MAKE,) * 10 + (FIND,) * 2,
    )


def test_the_main_directions_keep_most_of_the_variance() -> None:
    codes = made_up()
    kept = codes.planar
    assert kept.shape == (12, 2)
    np.testing.assert_allclose(kept.mean(axis=0), 0.0, atol=1e-9)
    assert kept[:, 0].var() >= kept[:, 1].var()
    assert kept.var(axis=0).sum() > 0.99 * codes.values.var(axis=0).sum()
    # the eigenvalues of the covariance, computed another way
    spectrum = np.linalg.eigvalsh(np.cov(codes.values.T, bias=True))[::-1]
    np.testing.assert_allclose(kept.var(axis=0), spectrum[:2])


def test_the_gap_is_measured_in_distances_between_concepts() -> None:
    corners = {"near": (0.0, 0.0), "colour": (3.0, 0.0), "red": (3.0, 0.0)}
    names = ("near", "colour", "red", "red")
    values = np.array([*(corners[name] for name in names[:3]), (3.0, 1.0)])
    codes = Codes(values=values, concepts=names, ways=(MAKE, MAKE, MAKE, FIND))
    assert codes.gap == codes.same_hue == pytest.approx(1.0 / 2.0)  # the distances are 3, 3 and 0


def test_codes_meet_where_making_is_the_nearest_concept() -> None:
    names = ("near", "colour", "red", "red", "red", "red")
    places = [(0.0, 0.0), (4.0, 0.0), (5.0, 0.0), (3.5, 0.0), (1.9, 0.0), (5.0, 9.0)]
    codes = Codes(values=np.array(places), concepts=names, ways=(MAKE,) * 3 + (FIND,) * 3)
    assert codes.met == (2, 3)


def test_hues_that_swap_places_are_apart_though_their_means_are_not() -> None:
    names = ("near", "red", "red", "red", "red")
    values = np.array([(4.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.0, -1.0), (0.0, 1.0)])
    codes = Codes(values=values, concepts=names, ways=(MAKE, MAKE, MAKE, FIND, FIND))
    assert codes.gap == pytest.approx(0.0)
    assert codes.same_hue == pytest.approx(2.0 / 4.0)


def test_every_trained_concept_is_inferred_and_red_in_both_ways() -> None:
    codes = infer_codes(tiny_model(), each=1, demonstrations=2)
    names = list(training_families())
    assert codes.concepts == (*names, "red", "red")
    assert codes.ways == (*[MAKE] * (len(names) + 1), FIND)
    assert codes.values.shape == (len(names) + 2, 4)  # the learned part alone
    assert len(np.unique(codes.values.round(6), axis=0)) == len(names) + 2


def test_finding_shows_the_outcome_alone() -> None:
    for before, after in zip(
        demonstrations("colour", 2), module._still(demonstrations("colour", 2)), strict=True
    ):
        np.testing.assert_array_equal(after.before, before.after)
        np.testing.assert_array_equal(after.after, before.after)
        np.testing.assert_array_equal(after.attention, before.attention)
        assert not after.movable.any() and not after.paintable.any()


def test_a_png_with_both_ways_of_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *arguments: object, **options: object) -> None:
        figures.append(self)
        save(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    codes = made_up()
    path = draw_codes(codes, tmp_path / "new" / "codes.png")
    with Image.open(path) as image:
        assert image.format == "PNG"
    (axis,) = figures[0].axes
    parts = {str(p.get_label()): np.asarray(p.get_offsets()) for p in axis.collections}
    assert set(parts) == {"near", "colour", "make red", "find red"}
    np.testing.assert_allclose(parts["find red"], codes.planar[10:])
    np.testing.assert_allclose(parts["make red"], codes.planar[8:10])
    assert f"{codes.gap:.2f}" in axis.get_title()
    depths = {
        str(p.get_label()): (p.get_zorder(), len(p.get_facecolor())) for p in axis.collections
    }
    for red in ("make red", "find red"):  # hollow, and behind the concepts' points
        assert depths[red][1] == 0
        assert depths[red][0] < min(depths["near"][0], depths["colour"][0])
