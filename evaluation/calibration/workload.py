"""The fixed CPU workload, one process of it: ``python -m evaluation.calibration.workload``.

A unit is what a predictor's CPU time goes to: matrix products and convolutions in float32, decoding and
encoding of pictures, distance transforms, and plain Python. It never changes; a different mix is a new
`WORKLOAD_VERSION`. The process does one unit for each line on its input and answers with a line.
"""

import zlib

import cv2
import numpy as np

WORKLOAD_VERSION = 1

_SEED = 20_260_101
_SIZE = 512


def run_unit() -> int:
    """Do one unit of work.

    Returns:
        A checksum of whole numbers in it, the same on every host.
    """
    random = np.random.default_rng(_SEED)
    picture = random.integers(0, 255, (_SIZE, _SIZE), dtype=np.uint8)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 3))
    _multiply(random.standard_normal((_SIZE, _SIZE), dtype=np.float32))
    checksum = zlib.crc32(_recode(picture))
    _measure_distances(picture)
    return zlib.crc32(str(_count(1_000_000)).encode(), checksum)


def _multiply(matrix: np.ndarray) -> None:
    product = matrix
    for _ in range(30):
        product = matrix @ product
        product /= np.abs(product).max()
    kernel = matrix[:7, :7]
    for _ in range(12):
        product = np.asarray(cv2.filter2D(product, -1, kernel))
        product /= np.abs(product).max()


def _recode(picture: np.ndarray) -> bytes:
    """Return the pixels after writing and reading a PNG several times."""
    for _ in range(8):
        content = cv2.imencode(".png", picture)[1]
        picture = np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE))
    return picture.tobytes()


def _measure_distances(picture: np.ndarray) -> None:
    for level in range(100, 150, 2):
        mask = np.asarray(picture > level, dtype=np.uint8)
        cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _count(limit: int) -> int:
    """Return the number of primes below a limit, in plain Python."""
    is_prime = [True] * limit
    for n in range(2, int(limit**0.5) + 1):
        if is_prime[n]:
            for multiple in range(n * n, limit, n):
                is_prime[multiple] = False
    return sum(is_prime) - 2


if __name__ == "__main__":
    import sys

    cv2.setNumThreads(1)
    sys.stdout.write(f"{run_unit()}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(f"{run_unit()}\n")
        sys.stdout.flush()
