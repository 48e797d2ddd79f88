import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering.marker_kinds import Facets, Line
from conceptgym.envs.rendering.solids import KINDS, Solid, solid_markers

EXTENTS = np.array([0.02, 0.02, 0.03])
VOLUMES = {"cube": 8.0, "cylinder": 2 * np.pi, "ball": 4 / 3 * np.pi}
"""Of the bodies with half extents of 1."""


def solid(kind: str, *, quat=(1.0, 0.0, 0.0, 0.0)) -> Solid:
    pose = np.array([0.5, 0.1, 0.03, *quat])
    return Solid(kind=kind, half_extents=EXTENTS, pose=pose, colour=np.array([0.9, 0.2, 0.1]))


def surface_of(body: Solid) -> Facets:
    return next(m for m in solid_markers(body) if isinstance(m, Facets))


@pytest.mark.parametrize("kind", KINDS.values())
def test_the_surface_is_closed_and_encloses_the_bodys_volume(kind):
    """By the divergence theorem: a third of the sum of the facets' areas times their distances."""
    surface = surface_of(solid(kind))
    np.testing.assert_allclose(surface.normals.sum(axis=0), 0.0, atol=1e-12)
    outward = surface.probes - [0.5, 0.1, 0.03]
    assert (np.einsum("ni,ni->n", surface.normals, outward) > 0).all()
    volume = np.einsum("ni,ni->", 0.5 * surface.normals, outward) / 3
    np.testing.assert_allclose(volume, VOLUMES[kind] * EXTENTS.prod(), rtol=0.03)


@given(st.floats(0, 2 * np.pi))
def test_a_turn_about_z_turns_the_corners(angle):
    quat = (np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2))
    turned, plain = surface_of(solid("cube", quat=quat)), surface_of(solid("cube"))
    away = plain.corners - [0.5, 0.1, 0.03]
    cosine, sine = np.cos(angle), np.sin(angle)
    expected = away @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    np.testing.assert_allclose(turned.corners - [0.5, 0.1, 0.03], expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS.values())
def test_a_body_is_translucent_of_its_colour_and_brightest_above(kind):
    surface = surface_of(solid(kind))
    assert (surface.rgba[:, 3] < 0.7).all()
    np.testing.assert_allclose(surface.rgba[:, 1] / surface.rgba[:, 0], 0.2 / 0.9)
    top = surface.probes[:, 2].argmax()
    assert surface.rgba[top, 0] > surface.rgba[:, 0].min()


@pytest.mark.parametrize("kind", KINDS.values())
def test_edges_lie_on_the_body(kind):
    lines = [m for m in solid_markers(solid(kind)) if isinstance(m, Line)]
    for line in lines:
        away = np.abs(line.points - [0.5, 0.1, 0.03])
        assert (away <= EXTENTS + 1e-9).all()


def test_the_bottom_is_below_the_middle():
    np.testing.assert_allclose(solid("cube").bottom, [0.5, 0.1, 0.0], atol=1e-12)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError) as caught:
        solid("cone")
    assert str(caught.value) == "kind is 'cone', allowed are ['cube', 'cylinder', 'ball']"
