"""Splits: no group in two parts, classes and shares kept as far as groups allow, one seed one answer."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.datasets.picture import Picture, choose_groups
from train.datasets.splits import split_pictures

SHARES = {"train": 70.0, "val": 15.0, "test": 15.0}


def make_pictures(sizes: list[int], labels: list[str]) -> list[Picture]:
    """Return one group a size; each image has bytes of its own."""
    pictures = []
    for number, (size, label) in enumerate(zip(sizes, labels, strict=True)):
        for k in range(size):
            name = f"{number}_{k}"
            pictures.append(Picture(name, name.encode, ".png", f"g {number}", (1, 1), label=label))
    return pictures


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from("ab")), min_size=1, max_size=60), st.integers(0, 9)
)
def test_no_group_is_in_two_parts_and_no_picture_is_lost(groups: list[tuple[int, str]], seed: int) -> None:
    pictures = make_pictures([size for size, _ in groups], [label for _, label in groups])
    parts = split_pictures(pictures, SHARES, seed)
    owners = [(p.group, part) for part, members in parts.items() for p in members]
    assert len(set(owners)) == len({group for group, _ in owners})
    assert sorted(p.name for members in parts.values() for p in members) == sorted(p.name for p in pictures)


def test_each_class_gets_its_shares() -> None:
    pictures = make_pictures([1, 2, 3] * 100, ["a"] * 240 + ["b"] * 60)
    parts = split_pictures(pictures, SHARES, seed=3)
    for label, total in (("a", 480), ("b", 120)):
        counts = {part: Counter(p.label for p in members)[label] for part, members in parts.items()}
        assert counts == pytest.approx({part: total * share / 100 for part, share in SHARES.items()}, abs=3)


def test_a_large_group_is_evened_out() -> None:
    for seed in range(10):
        parts = split_pictures(make_pictures([40, 30, *[1] * 30], ["a"] * 32), SHARES, seed)
        assert 60 <= len(parts["train"]) <= 80
        assert len(parts["val"]) + len(parts["test"]) >= 20
        assert len(parts["test"]) > 0


def test_the_seed_decides_and_other_groups_do_not_interfere() -> None:
    pictures = make_pictures([1] * 50, ["a"] * 50)
    names = [[p.name for p in split_pictures(pictures, SHARES, seed)["test"]] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]
    shuffled = split_pictures(pictures[::-1], SHARES, 1)["test"]
    assert sorted(p.name for p in shuffled) == sorted(names[0])


def test_identical_images_of_two_groups_stay_together() -> None:
    pictures = make_pictures([1] * 40, ["a"] * 40)
    twins = [Picture(f"twin {k}", "same".encode, ".png", f"t {k}", (1, 1), label="a") for k in range(6)]
    for seed in range(5):
        parts = split_pictures([*pictures, *twins], SHARES, seed)
        assert sum(any(p.name.startswith("twin") for p in members) for members in parts.values()) == 1


def test_with_few_groups_a_part_may_be_empty() -> None:
    parts = split_pictures(make_pictures([3, 3], ["a", "a"]), SHARES, 0)
    assert [len(members) for members in parts.values()] == [6, 0, 0]


def test_a_limit_takes_whole_groups() -> None:
    pictures = make_pictures([2, 1], ["a", "a"])
    for seed in range(5):
        assert len(choose_groups(pictures, 1, seed)) in (1, 2)
        assert len({p.group for p in choose_groups(pictures, 1, seed)}) == 1
    assert len(choose_groups(pictures, None, 0)) == 3
