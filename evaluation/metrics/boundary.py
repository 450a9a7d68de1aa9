"""Boundary pixels of a mask, under the two definitions in use.

They differ only for a mask that touches the edge of the image: `inner_boundary` says that nothing is known of
the outside, `surface_pixels` that the outside is background.
"""

import cv2
import numpy as np

from evaluation.metrics.crop import BinaryImage

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)


def inner_boundary(mask: BinaryImage) -> BinaryImage:
    """Mark the pixels of the mask with a 4-neighbour in the image that is not of the mask.

    A pixel on the image edge is not boundary by that alone: a mask that fills the image has no boundary.

    Args:
        mask: (h, w) of 0 and 1; a box of `crop_to_masks` or a whole frame.

    Returns:
        The boundary (h, w), 0 and 1.

    Source: scikit-image `find_boundaries(mode="inner")`, connectivity 1; UUSIC25 uses it.
    """
    # OpenCV's default border never wins an erosion, so pixels outside the image do not erode.
    return mask ^ cv2.erode(mask, _CROSS).astype(np.uint8, copy=False)


def surface_pixels(mask: BinaryImage) -> BinaryImage:
    """Mark the pixels of the mask with a 4-neighbour that is not of the mask, or on the edge of the image.

    Args:
        mask: (h, w) of 0 and 1; a box of `crop_to_masks` or a whole frame.

    Returns:
        The surface (h, w), 0 and 1; empty only for an empty mask.

    Source: MedPy `metric.binary`, connectivity 1 (mask XOR its erosion).
    """
    eroded = cv2.erode(mask, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return mask ^ eroded.astype(np.uint8, copy=False)
