"""The UUSIC25 layout: `images/`, `references/`, `manifest.json` (for participants) and `ground_truth.json`.

Masks are reached by `mask_path_relative` from `references/`, so `images/` can be mounted alone.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sample_data.cases import Size
from sample_data.planning import Picture, Quota, Row, check_counts, plan_rows, share_out
from sample_data.tasks import UUSIC25_TASKS, Task
from sample_data.writing import MaskJob, PictureFacts, PictureJob, write_all

# Shares of the entries by dataset and centre. The official set gives 512 of 2,479 (20.7 %) from the external
# centre; its split over the datasets is not public, these are ours.
SHARES: tuple[tuple[str, str, str, float], ...] = (
    ("Breast", "segmentation", "internal", 0.13),
    ("Breast_luminal", "segmentation", "internal", 0.044),
    ("Breast_luminal", "segmentation", "external", 0.056),
    ("Appendix", "classification", "internal", 0.09),
    ("Breast", "classification", "internal", 0.14),
    ("Breast_luminal", "classification", "internal", 0.10),
    ("Breast_luminal", "classification", "external", 0.15),
    ("Liver", "classification", "internal", 0.09),
    ("Cardiac", "segmentation", "internal", 0.05),
    ("Fetal_Head", "segmentation", "internal", 0.05),
    ("Kidney", "segmentation", "internal", 0.05),
    ("Thyroid", "segmentation", "internal", 0.05),
)
# datasets are published by different groups: names and formats differ
FILE_NAMES = {
    ("Appendix", "classification"): "cls_{:05d}.jpg",
    ("Breast", "classification"): "cls_{:05d}.png",
    ("Breast_luminal", "classification"): "cls_{:05d}.jpg",
    ("Liver", "classification"): "cls_{:05d}.jpg",
    ("Breast", "segmentation"): "seg_{:05d}.png",
    ("Breast_luminal", "segmentation"): "seg_{:05d}.jpg",
    ("Cardiac", "segmentation"): "seg_{:05d}.png",
    ("Fetal_Head", "segmentation"): "{:03d}_HC.png",
    ("Kidney", "segmentation"): "img_{:05d}.jpg",
    ("Thyroid", "segmentation"): "seg_{:05d}.png",
}
ORGANS = {
    "Appendix": ("Appendix",),
    "Breast": ("Breast",),
    "Breast_luminal": ("Breast",),
    "Liver": ("Liver",),
    "Cardiac": ("Heart", "Cardiac"),
    "Fetal_Head": ("Head", "Fetal Head"),
    "Kidney": ("Kidney",),
    "Thyroid": ("Thyroid",),
}
CLASS_NAMES = {
    "Appendix": ("normal", "abnormal"),
    "Breast": ("benign", "malignant"),
    "Breast_luminal": ("HER2", "Luminal A", "Luminal B", "Triple Negative"),
    "Liver": ("normal", "abnormal"),
}
HIDDEN = ("mask_name", "mask_path_relative", "seg_target_info", "class_label_index", "class_label_name")


def plan(cases: int, seed: int) -> list[Row]:
    """Return the entries of a data set.

    Args:
        cases: number of entries in all.
        seed: of the plan.

    Raises:
        ConfigurationError: too few entries for two of every class (Breast_luminal: in each centre).
    """
    tasks: dict[tuple[str, str], Task] = {(task.name, task.kind): task for task in UUSIC25_TASKS}
    counts = share_out(cases, [share for *_, share in SHARES])
    quotas: list[Quota] = []
    for (name, kind, centre, _), count in zip(SHARES, counts, strict=True):
        donor = tasks.get((name, "segmentation")) if kind == "classification" else None
        quotas.append(Quota(tasks[name, kind], centre, count, 0, donor))
    for centre in ("internal", "external"):
        check_counts([quota for quota in quotas if quota.centre == centre], cases)
    return plan_rows("uusic25", quotas, seed)


def image_path(picture: Picture) -> str:
    """Return the picture's path relative to `images/`."""
    home = picture.home
    return f"{home.kind}/{home.name}/imgs/{FILE_NAMES[home.name, home.kind].format(picture.number)}"


def mask_path(picture: Picture) -> str:
    """Return the reference mask's path relative to `references/`: the prediction's path, but always a PNG."""
    return str(Path(image_path(picture).replace("img", "mask")).with_suffix(".png").as_posix())


def _job(picture: Picture, seed: int, size: Size, out: Path) -> PictureJob:
    masks: tuple[MaskJob, ...] = ()
    if picture.home.kind == "segmentation":
        masks = (MaskJob(out / "references" / mask_path(picture), picture.home.structures, (), (255,)),)
    return PictureJob(picture.plan, seed, size, out / "images" / image_path(picture), masks)


def _labels(row: Row) -> dict[str, object]:
    """Return the fields that participants do not see."""
    if row.task.kind == "segmentation":
        path = mask_path(row.picture)
        return dict(zip(HIDDEN, (Path(path).name, path, row.task.structures[0], None, None), strict=True))
    name = CLASS_NAMES[row.task.name][row.choice]
    return dict(zip(HIDDEN, (None, None, None, row.choice, name), strict=True))


def _entry(row: Row, facts: PictureFacts) -> dict[str, object]:
    path = image_path(row.picture)
    organs = ORGANS[row.task.name]
    return {
        "img_name": Path(path).name,
        "img_path_relative": path,
        "img_size_bytes": facts.size_bytes,
        "img_dimensions": list(facts.size_wh),
        "img_format": Path(path).suffix[1:],
        "task": row.task.kind,
        "dataset_name": row.task.name,
        "organ": organs[row.picture.number % len(organs)],
        "data_partition_group": "private_val",
        **_labels(row),
        "patient_id": f"P{row.picture.plan.patient:05d}",
        "center": row.picture.plan.centre,
        "spacing_mm": list(facts.spacing_mm_yx),
    }


def write(rows: list[Row], seed: int, size: Size, out: Path, workers: int) -> Iterator[int]:
    """Write the whole data set under `out`, yielding the number of finished pictures as it goes.

    The label files are written after the last picture.
    """
    pictures = list(dict.fromkeys(row.picture for row in rows))
    facts: dict[Picture, PictureFacts] = {}
    jobs = [_job(picture, seed, size, out) for picture in pictures]
    for picture, fact in zip(pictures, write_all(jobs, workers), strict=True):
        facts[picture] = fact
        yield len(facts)
    truth = [_entry(row, facts[row.picture]) for row in rows]
    blind = [{key: None if key in HIDDEN else value for key, value in entry.items()} for entry in truth]
    for name, entries in (("ground_truth.json", truth), ("manifest.json", blind)):
        (out / name).write_text(json.dumps(entries, indent=1, allow_nan=False) + "\n", encoding="utf-8")
