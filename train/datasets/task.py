"""A task of a challenge and the pictures that fill it."""

from collections import Counter
from dataclasses import dataclass

from train.datasets.picture import Picture


@dataclass(frozen=True)
class Task:
    """One data set of UUSIC25 or one task_id of FMC_UIA."""

    kind: str
    """As the challenge spells it: segmentation, classification, detection or Regression."""
    name: str
    pictures: tuple[Picture, ...]
    num_classes: int
    """Classes (with background), 1 of detection, or the number of points."""
    class_names: tuple[str, ...] = ()
    """Of a classification: the pictures' labels in the order of their indices."""

    def class_index(self, picture: Picture) -> int:
        """Return the index of a picture's class."""
        return self.class_names.index(str(picture.label))

    def count_groups(self) -> dict[str, int]:
        """Return how many groups hold each class; of other kinds than classification, under no name."""
        groups = {(p.label if self.class_names else "", p.group) for p in self.pictures}
        counts = Counter(str(label) for label, _ in groups)
        return {name: counts[name] for name in self.class_names or ("",)}
