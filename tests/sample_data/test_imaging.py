"""The physics: speckle statistics, the two centres, shadow, enhancement, field of view."""

import numpy as np
import pytest

from sample_data.anatomy import wall
from sample_data.cases import Plan, draw
from sample_data.centres import EXTERNAL, INTERNAL, Centre
from sample_data.geometry import ellipse
from sample_data.imaging import compress, convolve_by_depth, psf_sigmas, simulate_envelope, unit_energy_kernel
from sample_data.probes import Probe, fit_frame
from sample_data.scatterers import Map, paint
from sample_data.scene import Scene

LINEAR = Probe(40.0, half_width_mm=26.0)
CURVED = Probe(140.0, radius_mm=50.0, half_angle_deg=33.0)
SHAPE = (600, 256)


def homogeneous_field(probe: Probe, speckle: float, seed: int = 5) -> Map:
    parts = np.random.default_rng(seed).standard_normal((2, *SHAPE), dtype=np.float32) * np.sqrt(0.5)
    noise = np.asarray(parts[0] + 1j * parts[1], dtype=np.complex64)
    return np.asarray(np.abs(convolve_by_depth(noise, probe, speckle)), dtype=np.float32)


def envelope_of(scene: Scene, centre: Centre = INTERNAL, seed: int = 3) -> Map:
    rng = np.random.default_rng(seed)
    return simulate_envelope(paint(scene, SHAPE, rng), scene.probe, centre, rng)


def correlation_length(values: Map, axis: int) -> float:
    """Return the lag in cells at which the intensity's autocorrelation falls to one half."""
    wave = np.moveaxis(values.astype(np.float64) ** 2, axis, 0)
    wave = wave - wave.mean()
    power = [float((wave[: len(wave) - lag] * wave[lag:]).mean()) for lag in range(24)]
    relative = np.array(power) / power[0]
    below = int(np.argmax(relative < 0.5))
    return float(below - (0.5 - relative[below]) / (relative[below - 1] - relative[below]))


@pytest.mark.parametrize("probe", [LINEAR, CURVED])
def test_speckle_of_a_homogeneous_region_is_rayleigh_before_compression(probe: Probe) -> None:
    envelope = homogeneous_field(probe, INTERNAL.speckle)[30:-30]
    assert envelope.mean() / envelope.std() == pytest.approx(1.91, abs=0.06)


def test_convolution_keeps_the_power_of_the_scatterers() -> None:
    assert (unit_energy_kernel(2.3) ** 2).sum() == pytest.approx(1.0, abs=1e-6)
    assert (homogeneous_field(LINEAR, 1.0) ** 2).mean() == pytest.approx(1.0, abs=0.06)


def test_whole_chain_keeps_rayleigh_speckle_in_small_windows() -> None:
    envelope = envelope_of(Scene(LINEAR, 0.0))
    # windows small enough for the uneven gain to be flat, large enough for many speckles
    windows = [envelope[r : r + 60, c : c + 30] for r in range(150, 420, 60) for c in range(20, 230, 30)]
    ratio = float(np.median([window.mean() / window.std() for window in windows]))
    assert 1.75 < ratio < 2.1


def test_external_centre_has_coarser_speckle() -> None:
    inner, outer = (homogeneous_field(LINEAR, centre.speckle) for centre in (INTERNAL, EXTERNAL))
    for axis in (0, 1):
        ratio = correlation_length(outer, axis) / correlation_length(inner, axis)
        assert ratio == pytest.approx(EXTERNAL.speckle / INTERNAL.speckle, rel=0.15)


def test_lateral_resolution_is_best_at_the_focus() -> None:
    near, focus, far = (psf_sigmas(LINEAR, SHAPE, v, 1.0)[1] for v in (0.0, 0.45, 1.0))
    assert focus < near
    assert focus < far


def test_stone_casts_a_shadow() -> None:
    scene = Scene(LINEAR, 0.0)
    wall.add_stone(scene, (0.0, 15.0), 2.5)
    envelope = envelope_of(scene)
    behind, beside = envelope[300:500, 122:134], envelope[300:500, 40:60]
    assert 20 * np.log10(behind.mean() / beside.mean()) < -12


def test_tissue_behind_a_cyst_is_brighter() -> None:
    scene = Scene(LINEAR, 0.0)
    wall.add_vessel(scene, ellipse((0.0, 14.0), (7.0, 6.0)))
    envelope = envelope_of(scene)
    behind, beside = envelope[330:400, 115:140], envelope[330:400, 30:60]
    inside = envelope[180:240, 115:140]
    assert 20 * np.log10(behind.mean() / beside.mean()) > 2
    assert 20 * np.log10(inside.mean() / beside.mean()) < -20


def test_specular_line_is_brighter_facing_the_sound_than_along_it() -> None:
    scene = Scene(LINEAR, -30.0)
    scene.line(np.array([[-15.0, 20.0], [-5.0, 20.0]]), 20.0, 0.5, 0.1)
    scene.line(np.array([[10.0, 12.0], [10.0, 28.0]]), 20.0, 0.5, 0.1)
    envelope = envelope_of(scene)
    assert envelope[290:310, 60:100].max() > 3 * envelope[200:400, 165:190].max()


def test_dynamic_range_maps_decibels_to_grey() -> None:
    flat = Centre("flat", 1.0, 60.0, 0.0, -50.0, 0.0, 1.0, 0.0, burnt_in=False)
    loud, quiet = (float(compress(np.full((8, 8), level, np.float32), flat)[4, 4]) for level in (1.0, 0.1))
    assert loud - quiet == pytest.approx(20.0 / 60.0, abs=1e-4)


@pytest.mark.parametrize("probe", [LINEAR, CURVED, Probe(60.0, radius_mm=10.0, half_angle_deg=60.0)])
def test_beam_coordinates_go_there_and_back(probe: Probe) -> None:
    beams = np.random.default_rng(0).uniform(0.0, 1.0, (50, 2))
    np.testing.assert_allclose(probe.to_beam(probe.from_beam(beams)), beams, atol=1e-9)


def test_frame_shows_the_whole_field_of_view() -> None:
    frame = fit_frame(CURVED, (160, 128), 0.02)
    edge = CURVED.from_beam(np.array([[u, v] for u in (0.0, 0.5, 1.0) for v in (0.0, 1.0)]))
    pixels = frame.to_pixels(edge)
    assert (pixels > -0.5).all()
    assert (pixels < np.array([159.5, 127.5])).all()
    assert frame.spacing_mm_yx[0] == frame.spacing_mm_yx[1]


def test_picture_is_black_outside_the_sector() -> None:
    def homogeneous(rng: np.random.Generator, variant: str) -> Scene:
        return Scene(CURVED, 0.0)

    drawn = draw(Plan("fmc_uia", 0, 0, homogeneous, "plain", "internal"), 1, "small")
    assert drawn.picture[~drawn.inside].max() == 0
    assert drawn.picture[drawn.inside].mean() > 60
    assert 0.3 < drawn.inside.mean() < 0.9
