"""POCUS: frames of lung videos (Born et al., Applied Sciences 11(2):672, 2021), the CC BY ones.

Layout, of our copy: ``dataset/FRAME.jpg``, ``frame_index.csv`` (frame, video, label) and
``dataset_metadata.csv`` (one row a video: Filename, Patient ID / Name). Class and source go together: a
network can learn the device instead of the lung.
"""

from pathlib import Path

from train.datasets.files import check_sizes, list_images, pick, read_rows, require
from train.datasets.picture import Collection, Picture, collect

CLASSES = ("regular", "pneumonia")
_LABELS = {"regular": "regular", "COVID-19": "pneumonia", "Viral pneumonia": "pneumonia"}
_PATIENT = "Patient ID / Name"


def read_lung_pocus(root: Path) -> Collection:
    """Read the frames; a group is a patient, who may have several videos. COVID-19 counts as pneumonia.

    Raises:
        ConfigurationError: the folder or one of its tables is not the data set's.
    """
    require(root, "dataset", "frame_index.csv", "dataset_metadata.csv")
    images = list_images(root / "dataset")
    rows = {
        Path(row["frame"]).stem: row
        for row in read_rows(root / "frame_index.csv", ("frame", "video", "label"))
    }
    videos = read_rows(root / "dataset_metadata.csv", ("Filename", _PATIENT))
    patients = {row["Filename"]: row[_PATIENT].strip() for row in videos}

    def read_one(stem: str) -> Picture:
        image_file = pick(images, stem, "image")
        if stem not in rows:
            raise ValueError("no row in frame_index.csv")
        row = rows[stem]
        if row["label"] not in _LABELS:
            raise ValueError(f"unknown label `{row['label']}`")
        if not patients.get(row["video"]):
            raise ValueError(f"no patient of video {row['video']} in dataset_metadata.csv")
        return Picture(
            name=f"lung_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"lung_pocus {patients[row['video']]}",
            size_hw=check_sizes(image_file, ()),
            label=_LABELS[row["label"]],
        )

    return collect("lung_pocus", sorted(images.keys() | rows.keys()), read_one)
