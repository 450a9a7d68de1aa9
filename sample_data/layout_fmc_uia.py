"""The FMC_UIA layout: `input/` (images and unlabelled CSVs) and `references/` (labelled CSVs and masks).

With `labelled`, a third tree holds images, masks and labelled CSVs together, for training.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from sample_data.cases import Size
from sample_data.planning import Picture, Quota, Row, check_counts, plan_rows, share_out
from sample_data.tasks import FMC_UIA_TASKS, Task
from sample_data.writing import MaskJob, PictureFacts, PictureJob, write_all

# a task that is not a classification weighs as much as so many classes
ROWS_OF_OTHER_TASKS = 2.0
FOLDERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
# (task that reuses pictures, task that owns them)
DONORS = {
    "breast_3cls": "breast_lesion",
    "thyroid_nodule_det": "thyroid_nodule",
    "FUGC": "cervix_multi",
    "IUGC": "head_symphysis_multi",
    "lung_disease_3cls": "lung",
}
# sources name their files in their own ways; the default collides between tasks
FILE_NAMES = {
    "fetal_plane_cls": "Patient{0:05d}_Plane_{1}_of_3.png",
    "organ_cls": "abdomen, adult [v2]/scan\u00a0({1}).jpg",
    "thyroid_nodule": "tn3k (train), part [1]/{1:04d}.jpg",
    "fetal_head_pos_cls": "{1:04d}.jpeg",
    "spinal_cord_injury_loc": "{1:04d}.bmp",
    "carotid_artery": "202201121748100{1:03d}VAS\u00a0slice, 1.png",
}
JPEG_TASKS = (
    "breast_2cls",
    "lung",
    "liver_lesion_2cls",
    "fetal_sacral_pos_cls",
    "uterine_fibroid_det",
    "IUGC",
    "fetal_head",
)
COLUMNS = (
    "task_id",
    "task_name",
    "num_classes",
    "image_path",
    "mask_path",
    "mask",
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "point_1_xy",
    "point_2_xy",
    "point_3_xy",
    "patient_id",
    "center",
    "spacing_mm",
)
SIZE_COLUMNS = ("image_width", "image_height")
LABELS = ("mask", "x_min", "y_min", "x_max", "y_max", "point_1_xy", "point_2_xy", "point_3_xy", *SIZE_COLUMNS)
Record = dict[str, str]


def plan(cases: int, seed: int) -> list[Row]:
    """Return the rows of a data set: a quarter of every task comes from the external centre.

    Args:
        cases: number of rows in all. They are spread evenly over the 40 classes of the classification
            tasks; each of
            the other 18 tasks gets as many as two classes.
        seed: of the plan.

    Raises:
        ConfigurationError: too few rows for two of every class.
    """
    donors_first = sorted(FMC_UIA_TASKS, key=lambda task: task.name in DONORS)
    weights = [
        float(len(task.anatomies)) if task.kind == "classification" else ROWS_OF_OTHER_TASKS
        for task in donors_first
    ]
    by_name = {task.name: task for task in FMC_UIA_TASKS}
    quotas: list[Quota] = []
    for task, count in zip(donors_first, share_out(cases, weights), strict=True):
        donor = by_name[DONORS[task.name]] if task.name in DONORS else None
        inside = count - count // 4
        quotas.append(Quota(task, "internal", inside, 0, donor))
        quotas.append(Quota(task, "external", count - inside, inside, donor))
    check_counts(quotas, cases)
    return plan_rows("fmc_uia", quotas, seed)


def _folder(task: Task) -> str:
    if task.kind == "segmentation":
        return f"Segmentation/{FOLDERS[task.num_classes]}/{task.name}"
    return f"{task.kind.capitalize()}/{task.name}"


def image_path(picture: Picture) -> str:
    """Return the picture's path relative to the tree's root."""
    home = picture.home
    suffix = "jpg" if home.name in JPEG_TASKS else "png"
    name = FILE_NAMES.get(home.name, "{1:04d}." + suffix).format(picture.plan.patient, picture.number)
    return f"{_folder(home)}/images/{name}"


def mask_path(picture: Picture, task: Task) -> str:
    """Return the path of a segmentation row's mask, or of a detection row's XML (never written)."""
    inside = image_path(picture).partition("/images/")[2]
    kind, suffix = ("masks", ".png") if task.kind == "segmentation" else ("Annotations", ".xml")
    return f"{_folder(task)}/{kind}/{Path(inside).with_suffix(suffix).as_posix()}"


def _jobs(rows: list[Row], seed: int, size: Size, out: Path) -> dict[Picture, PictureJob]:
    """Return one job a picture, with the labels that all of its rows want."""
    jobs: dict[Picture, PictureJob] = {}
    for picture in dict.fromkeys(row.picture for row in rows):
        tasks = [row.task for row in rows if row.picture == picture]
        masks = tuple(
            MaskJob(
                out / "references" / mask_path(picture, task),
                task.structures,
                task.paint_order,
                tuple(range(1, task.num_classes)),
            )
            for task in tasks
            if task.kind == "segmentation"
        )
        boxed = next((task.structures[0] for task in tasks if task.kind == "detection"), None)
        marks = next((task.landmarks for task in tasks if task.kind == "Regression"), ())
        jobs[picture] = PictureJob(
            picture.plan, seed, size, out / "input" / image_path(picture), masks, boxed, marks
        )
    return jobs


def _record(row: Row, facts: PictureFacts) -> Record:
    """Return one labelled CSV row; cells that do not apply are empty."""
    record = dict.fromkeys((*COLUMNS, *SIZE_COLUMNS), "")
    record.update(
        task_id=row.task.name,
        task_name=row.task.kind,
        num_classes=str(row.task.num_classes),
        image_path=f"../{image_path(row.picture)}",
        patient_id=f"P{row.picture.plan.patient:05d}",
        center=row.picture.plan.centre,
        spacing_mm=json.dumps(list(facts.spacing_mm_yx)),
        image_width=str(facts.size_wh[0]),
        image_height=str(facts.size_wh[1]),
    )
    if row.task.kind in ("segmentation", "detection"):
        record["mask_path"] = f"../{mask_path(row.picture, row.task)}"
    if row.task.kind == "classification":
        record["mask"] = str(row.choice)
    if row.task.kind == "detection" and facts.box is not None:
        record.update(zip(("x_min", "y_min", "x_max", "y_max"), map(str, facts.box), strict=True))
    if row.task.kind == "Regression":
        record.update({f"point_{i}_xy": json.dumps(list(xy)) for i, xy in enumerate(facts.points, start=1)})
    return record


def _csv_name(row: Row, index: int) -> str:
    """Return the CSV of a row: one a kind, but every third segmentation row lies in a second file."""
    kind = row.task.kind.lower()
    return f"{kind}_part2.csv" if kind == "segmentation" and index % 3 == 2 else f"{kind}.csv"


def write_csvs(folder: Path, tables: dict[str, list[Record]], labelled: bool) -> None:
    """Write the CSV files of a tree; without labels the label cells are empty and the size columns absent."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = (*COLUMNS, *SIZE_COLUMNS) if labelled else COLUMNS
    for name, records in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            for record in records:
                writer.writerow(
                    record if labelled else {k: "" if k in LABELS else v for k, v in record.items()}
                )


def write(rows: list[Row], seed: int, size: Size, out: Path, workers: int) -> Iterator[int]:
    """Write `input/` and `references/` under `out`, yielding the number of finished pictures as it goes.

    The CSV files are written after the last picture.
    """
    jobs = _jobs(rows, seed, size, out)
    facts: dict[Picture, PictureFacts] = {}
    for picture, fact in zip(jobs, write_all(list(jobs.values()), workers), strict=True):
        facts[picture] = fact
        yield len(facts)
    tables: dict[str, list[Record]] = {}
    for index, row in enumerate(rows):
        tables.setdefault(_csv_name(row, index), []).append(_record(row, facts[row.picture]))
    write_csvs(out / "references" / "csv_files", tables, labelled=True)
    write_csvs(out / "input" / "csv_files", tables, labelled=False)


def write_labelled_tree(out: Path) -> None:
    """Copy images and references into `labelled/`, one complete tree for training."""
    for part in ("input", "references"):
        shutil.copytree(out / part, out / "labelled", dirs_exist_ok=True)
