"""Image formation: complex scatterers, point-spread function, attenuation, log compression, scan conversion.

The field is simulated in beam space as a complex envelope. Between strong reflectors it is a complex
Gaussian, so its magnitude is Rayleigh distributed (mean over standard deviation 1.91) before compression.
Model: J. W. Goodman, Speckle Phenomena in Optics (2007), and R. F. Wagner et al., Statistics of speckle in
ultrasound B-scans, IEEE Trans. Sonics Ultrason. 30(3):156-163 (1983). Ours leaves out the carrier, so the
point-spread function is its Gaussian envelope.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from sample_data.centres import Centre
from sample_data.probes import Frame, Probe
from sample_data.scatterers import EchoMaps, Map, smooth_noise

Field = npt.NDArray[np.complex64]

ZONES = 4
FOCUS = 0.45
# standard deviations of the internal centre's resolution cell, as parts of the depth
AXIAL_SIGMA = 0.0022
LATERAL_SIGMA = 0.0046
# no finer than the grid can hold
LEAST_SIGMA_CELLS = 0.7
GREATEST_SIGMA_CELLS = 9.0
# parenchyma appears at this part of the grey scale
MID_GREY = 0.44


def unit_energy_kernel(sigma_cells: float) -> npt.NDArray[np.float32]:
    """Return a Gaussian kernel whose squares sum to one: convolved white noise keeps its power."""
    reach = max(1, int(np.ceil(3.0 * sigma_cells)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_cells) ** 2)
    return np.asarray(kernel / np.sqrt((kernel**2).sum()), dtype=np.float32)


def psf_sigmas(probe: Probe, shape: tuple[int, int], v: float, speckle: float) -> tuple[float, float]:
    """Return the axial and the lateral standard deviation in grid cells at relative depth v.

    The lateral one grows away from the focus, the axial one slowly with depth (the pulse loses its high
    frequencies).
    """
    axial = AXIAL_SIGMA * shape[0] * (0.9 + 0.4 * v)
    spread = np.sqrt(1.0 + ((v - FOCUS) / 0.38) ** 2)
    lateral = LATERAL_SIGMA * probe.depth_mm * spread / probe.beam_pitch_mm(v, shape[1])
    return (
        float(max(axial, LEAST_SIGMA_CELLS) * speckle),
        float(min(max(lateral, LEAST_SIGMA_CELLS), GREATEST_SIGMA_CELLS) * speckle),
    )


def convolve_by_depth(field: Field, probe: Probe, speckle: float) -> Field:
    """Return the field (samples, beams) seen through the blended point-spread functions of four zones."""
    rows = field.shape[0]
    blended = np.zeros_like(field)
    middles = np.linspace(0.0, rows - 1.0, ZONES)
    step = middles[1] - middles[0]
    for middle in middles:
        weight = np.clip(1.0 - np.abs(np.arange(rows) - middle) / step, 0.0, 1.0).astype(np.float32)
        axial, lateral = psf_sigmas(probe, (field.shape[0], field.shape[1]), middle / (rows - 1.0), speckle)
        used = np.flatnonzero(weight)
        reach = int(np.ceil(3.0 * axial))
        first, last = max(0, used[0] - reach), min(rows, used[-1] + reach + 1)
        part = ndimage.correlate1d(field[first:last], unit_energy_kernel(axial), axis=0, mode="reflect")
        part = ndimage.correlate1d(part, unit_energy_kernel(lateral), axis=1, mode="reflect")
        blended[first:last] += part * weight[first:last, None]
    return blended


def _complex_noise(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return complex white noise of unit mean power."""
    parts = rng.standard_normal((*shape, 2), dtype=np.float32) * np.float32(np.sqrt(0.5))
    return parts.view(np.complex64)[..., 0]


def _gain_error_db(rng: np.random.Generator, shape: tuple[int, int], probe: Probe) -> Map:
    """Return what the gain gets wrong: uneven patches, fading depth, poor contact at a curve's ends."""
    v = np.linspace(0.0, 1.0, shape[0], dtype=np.float32)[:, None]
    u = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32)[None, :]
    patches = smooth_noise(rng, shape, (shape[0] / 2.5, shape[1] / 3.5)) * np.float32(2.0)
    columns = smooth_noise(rng, (1, shape[1]), (1.0, shape[1] / 14.0)) * np.float32(0.9)
    fading = np.float32(rng.uniform(0.0, 9.0)) * np.clip(v - np.float32(0.35), 0.0, None) ** 1.3
    contact = (
        np.float32(0.0 if probe.is_linear else rng.uniform(3.0, 14.0))
        * np.abs(u - rng.uniform(-0.15, 0.15)) ** 5
    )
    return np.asarray(patches + columns - fading - contact, dtype=np.float32)


def simulate_envelope(maps: EchoMaps, probe: Probe, centre: Centre, rng: np.random.Generator) -> Map:
    """Return the envelope (samples, beams), linear, parenchyma about 1, before compression.

    Args:
        maps: what the sound meets.
        probe: the field of view.
        centre: resolution and noise.
        rng: scatterers, gain errors and noise.
    """
    shape = (maps.echo_db.shape[0], maps.echo_db.shape[1])
    v = np.linspace(0.0, 1.0, shape[0], dtype=np.float32)[:, None]
    haze = np.float32(0.5) * np.exp(-v / np.float32(0.012)) + np.float32(0.012) * np.exp(
        -v / np.float32(0.25)
    )
    amplitude = np.float32(10.0) ** (maps.echo_db / np.float32(20.0)) + haze
    axial, lateral = psf_sigmas(probe, shape, FOCUS, centre.speckle)
    # a reflector is coherent: its echo does not grow with the number of scatterers in the cell as noise does
    coherent = np.float32(0.55 / np.sqrt(min(axial * lateral, 6.0)))
    noise = _complex_noise(rng, shape)
    field = convolve_by_depth(
        amplitude * noise + maps.specular * (coherent + np.float32(0.5) * noise), probe, centre.speckle
    )
    loss = np.cumsum(maps.attenuation_db_per_cm, axis=0) * np.float32(probe.depth_mm / 10.0 / shape[0])
    loss = ndimage.gaussian_filter1d(np.clip(loss, -14.0, 60.0), max(1.0, lateral), axis=1)
    gain = _gain_error_db(rng, shape, probe) - loss
    field *= np.float32(10.0) ** (gain / np.float32(20.0))
    floor = np.float32(10.0) ** ((np.float32(centre.noise_db) + np.float32(16.0) * v) / np.float32(20.0))
    return np.asarray(np.abs(field + floor * _complex_noise(rng, shape)), dtype=np.float32)


def compress(envelope: Map, centre: Centre, gain_db: float = 0.0) -> Map:
    """Return grey levels in [0, 1]: log compression, speckle filter and grey map of the centre."""
    level_db = 20.0 * np.log10(np.maximum(envelope, np.float32(1e-5))) + np.float32(centre.gain_db + gain_db)
    grey = np.clip(level_db / np.float32(centre.dynamic_range_db) + np.float32(MID_GREY), 0.0, 1.0)
    grey = ndimage.gaussian_filter(grey, centre.smoothing_cells, truncate=2.5)
    return np.asarray(grey ** np.float32(centre.gamma), dtype=np.float32)


def field_of_view(probe: Probe, frame: Frame) -> tuple[Map, Map, npt.NDArray[np.bool_]]:
    """Return u, v and the inside of the field of view for every pixel, each of shape (height, width)."""
    width, height = frame.size_wh
    x = (frame.origin_mm_xy[0] + (np.arange(width, dtype=np.float32) + 0.5) * frame.spacing_mm_yx[1])[None, :]
    y = (frame.origin_mm_xy[1] + (np.arange(height, dtype=np.float32) + 0.5) * frame.spacing_mm_yx[0])[
        :, None
    ]
    if probe.is_linear:
        u = np.broadcast_to((x / probe.half_width_mm + 1.0) / 2.0, (height, width))
        v = np.broadcast_to(y / probe.depth_mm, (height, width))
    else:
        down = y + probe.radius_mm
        half = np.deg2rad(probe.half_angle_deg)
        u = (np.arctan2(x, down) / half + 1.0) / 2.0
        v = (np.sqrt(x * x + down * down) - probe.radius_mm) / probe.depth_mm
    inside = (u >= 0.0) & (u <= 1.0) & (v >= 0.0) & (v <= 1.0)
    return np.asarray(u, dtype=np.float32), np.asarray(v, dtype=np.float32), inside


def scan_convert(
    grey: Map, probe: Probe, frame: Frame
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the picture (height, width), black outside, and the inside of the field of view."""
    u, v, inside = field_of_view(probe, frame)
    where = np.stack([v[inside] * grey.shape[0] - 0.5, u[inside] * grey.shape[1] - 0.5])
    picture = np.zeros(inside.shape, dtype=np.uint8)
    picture[inside] = ndimage.map_coordinates(grey, where, order=1, mode="nearest") * 255.0 + 0.5
    return picture, inside
