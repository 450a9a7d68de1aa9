"""A challenge as the commands name it: what participants get, and the references kept from them."""

import csv
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from evaluation.contract.case import MaskReference
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.files.json_text import parse_json
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25

_UUSIC25_LABELS = (
    "mask_name",
    "mask_path_relative",
    "seg_target_info",
    "class_label_index",
    "class_label_name",
)
_FMC_UIA_LABELS = ("mask", "x_min", "y_min", "x_max", "y_max")
_SHOWN = 5


class Protocol(StrEnum):
    """The challenges."""

    UUSIC25 = "uusic25"
    FMC_UIA = "fmc_uia"


class Mode(StrEnum):
    """How to score."""

    STRICT = "strict"
    OFFICIAL = "official"


def find_manifest_file(protocol: Protocol, input_dir: Path, manifest: Path | None) -> Path | None:
    """Return UUSIC25's manifest file, by default ``INPUT/manifest.json``; None for FMC_UIA.

    Raises:
        ConfigurationError: a folder or file that does not exist, or a manifest for FMC_UIA.
    """
    if not input_dir.is_dir():
        raise ConfigurationError(f"{input_dir}: no such folder; --input names the participant's images")
    if protocol is Protocol.FMC_UIA:
        if manifest is not None:
            raise ConfigurationError("--manifest belongs to uusic25; fmc_uia reads INPUT/csv_files")
        return None
    file = manifest or input_dir / "manifest.json"
    if not file.is_file():
        raise ConfigurationError(f"{file}: no manifest there; name it with --manifest FILE")
    return file


def read_input(protocol: Protocol, input_dir: Path, manifest: Path | None) -> Manifest:
    """Read what participants get.

    Raises:
        ConfigurationError: a folder or file that does not exist.
        ManifestError: every problem of the manifest.
    """
    file = find_manifest_file(protocol, input_dir, manifest)
    if file is None:
        return fmc_uia.read_manifest(input_dir)
    return uusic25.read_manifest(file, images_dir=input_dir)


def read_reference(protocol: Protocol, reference: Path, images: Path | None) -> Manifest:
    """Read the references.

    Raises:
        ConfigurationError: options of the other challenge.
        ManifestError: every problem of the references.
    """
    if protocol is Protocol.FMC_UIA:
        if images is not None:
            raise ConfigurationError("--images belongs to uusic25; fmc_uia reads REFERENCE/csv_files")
        return fmc_uia.read_manifest(reference, labelled=True)
    return uusic25.read_manifest(
        reference, images_dir=images or reference.parent, references_dir=images, labelled=True
    )


def refuse_labels(protocol: Protocol, input_dir: Path, manifest: Path | None) -> None:
    """Refuse to show a submission what it is asked for.

    Raises:
        ManifestError: the manifest carries labels, or reference masks lie in the input folder.
    """
    file = find_manifest_file(protocol, input_dir, manifest)
    found = list(_find_csv_labels(input_dir) if file is None else _find_json_labels(file, input_dir))
    if found:
        shown = "\n  ".join(found[:_SHOWN])
        raise ManifestError(
            f"{file or input_dir}: carries {len(found)} label(s), which a submission must not see; run it on"
            f" the participants' manifest, with these fields empty:\n  {shown}"
        )


def refuse_reference_inside(
    protocol: Protocol, input_dir: Path, reference: Path, images: Path | None
) -> None:
    """Refuse an input folder from which the references can be read.

    Raises:
        ConfigurationError: the reference, or one of its masks, lies in the input folder.
        ManifestError: references that cannot be used.
    """
    _refuse_place_inside(input_dir, reference, images)
    root = input_dir.resolve()
    for case in read_reference(protocol, reference, images).cases:
        if isinstance(case.reference, MaskReference) and case.reference.file.resolve().is_relative_to(root):
            raise ConfigurationError(
                f"{case.reference.file}: a reference mask lies in the input folder {input_dir}, where the"
                " submission could read it; keep references beside the input, not in it"
            )


def _refuse_place_inside(input_dir: Path, reference: Path, images: Path | None) -> None:
    for place in (reference, images):
        inside = place is not None and place.resolve().is_relative_to(input_dir.resolve())
        if inside and place is not None and place.resolve() != input_dir.resolve():
            raise ConfigurationError(
                f"{place} lies in the input folder {input_dir}, where the submission could read it; "
                "keep references beside the input, not in it"
            )
    if reference.resolve() == input_dir.resolve():
        raise ConfigurationError(f"{reference}: is input and reference at once; the submission could read it")


def _find_json_labels(file: Path, input_dir: Path) -> Iterator[str]:
    for number, entry in enumerate(parse_json(file.read_bytes()).value):
        if isinstance(entry, dict):
            names = [name for name in _UUSIC25_LABELS if entry.get(name) is not None]
            if names:
                yield f"entry {number}: {', '.join(names)}"
            # The organisers' own tree holds masks/ beside imgs/.
            image = str(entry.get("img_path_relative"))
            mask = uusic25.mask_output_path(image)
            if mask != image and (input_dir / mask).is_file():
                yield f"entry {number}: the mask {mask} lies in the input folder"


def _find_csv_labels(input_dir: Path) -> Iterator[str]:
    for file in sorted((input_dir / fmc_uia.CSV_FOLDER).glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream), start=2):
                names = [name for name, text in row.items() if _is_label(name) and text and text.strip()]
                if names:
                    yield f"{file.name} row {number}: {', '.join(names)}"
                mask = row.get("mask_path") or ""
                if mask and row.get("task_name") == "segmentation" and (file.parent / mask).is_file():
                    yield f"{file.name} row {number}: the mask {mask} lies in the input folder"


def _is_label(column: str | None) -> bool:
    return column is not None and (column in _FMC_UIA_LABELS or column.startswith("point_"))
