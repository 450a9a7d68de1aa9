"""Training, validation and test parts that share no group.

Promises: a group (patient, case, video, near-duplicates) lies in one part as a whole, and so do images that
are byte for byte the same; the same pictures, shares and seed give the same parts, whatever other data sets
are there.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from train.datasets.picture import Picture

RULE = (
    "Groups (patient, case, video, near-duplicates; byte-identical images are merged) are shuffled with the"
    " seed, one data set and one class (the commonest of the group) at a time, and go as a whole to one part:"
    " first those of more than a twentieth of the class's images, the largest foremost, to the part that"
    " lacks most images; then the others in their random order, to the part that has least of its share."
)
_LARGE = 0.05


def split_pictures(
    pictures: Sequence[Picture], shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Picture, ...]]:
    """Split the pictures of one data set.

    Args:
        pictures: all of them.
        shares: how much of each class's images a part should get; positive numbers of any sum.
        seed: of the shuffle.

    Returns:
        Pictures by part, in the order given; a part may be empty when there are few groups.
    """
    units = _merge_identical(pictures)
    strata: dict[str, list[str]] = {}
    sizes = Counter(units)
    for unit in sorted(sizes):
        labels = Counter(str(p.label) for p, u in zip(pictures, units, strict=True) if u == unit)
        label = min(labels, key=lambda name: (-labels[name], name))
        strata.setdefault(label, []).append(unit)
    rng = np.random.default_rng(seed)
    owner: dict[str, str] = {}
    for _, stratum in sorted(strata.items()):
        shuffled = [stratum[k] for k in rng.permutation(len(stratum))]
        owner |= _share_out(shuffled, sizes, shares)
    return {
        part: tuple(p for p, unit in zip(pictures, units, strict=True) if owner[unit] == part)
        for part in shares
    }


def _share_out(units: Sequence[str], sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, str]:
    total, whole = sum(sizes[unit] for unit in units), sum(shares.values())
    filled = dict.fromkeys(shares, 0)
    owner: dict[str, str] = {}

    def give(unit: str, part: str) -> None:
        owner[unit] = part
        filled[part] += sizes[unit]

    large = [unit for unit in units if sizes[unit] > _LARGE * total]
    for unit in sorted(large, key=lambda unit: -sizes[unit]):
        give(unit, max(shares, key=lambda part: total * shares[part] / whole - filled[part]))
    # In random order, so that no part gets the patients with few images.
    for unit in units:
        if unit not in owner:
            give(unit, min(shares, key=lambda part: filled[part] / shares[part]))
    return owner


def _merge_identical(pictures: Sequence[Picture]) -> list[str]:
    """Return each picture's group, groups with a byte-identical image merged under one name."""
    parent = {picture.group: picture.group for picture in pictures}

    def find(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    first: dict[bytes, str] = {}
    for picture in pictures:
        digest = hashlib.sha256(picture.read_image()).digest()
        a, b = find(first.setdefault(digest, picture.group)), find(picture.group)
        parent[max(a, b)] = min(a, b)
    return [find(picture.group) for picture in pictures]
