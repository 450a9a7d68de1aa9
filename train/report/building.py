"""A report from folders: read the part, score every row, measure every slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.registry import SCORES
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.provenance import describe_run
from evaluation.scoring import Progress, ScoringOptions, score_submission
from train.report.attributes import read_attributes, read_lesion_shares
from train.report.calibration import measure_calibration
from train.report.measuring import Pair, measure
from train.report.records import Calibration, ChallengePart, Difference, KindMean, Line, Report
from train.report.slices import find_slices
from train.report.targets import check_targets


@dataclass(frozen=True)
class ReportOptions:
    """How to measure."""

    n_resamples: int = 1000
    """Of patients; 0 gives no intervals."""
    seed: int = 0
    n_processes: int | None = None
    """None: one a core."""


def build_report(
    split: Path,
    part: str,
    rows: Mapping[str, Path],
    pairs: Sequence[Pair],
    *,
    bus_bra: Path | None,
    options: ReportOptions,
    progress: Progress | None = None,
) -> Report:
    """Score prediction folders in strict mode on one part of a split.

    Args:
        split: what ``python -m train prepare --split`` wrote.
        part: the name of a folder in it.
        rows: by the name in the report, a folder with predictions in ``uusic25/``, ``fmc_uia/`` or both.
        pairs: rows to subtract; a pair is left out of a protocol that one of the two did not predict.
        bus_bra: BUS-BRA as published, for its subgroups.
        options: resampling and processes.
        progress: told how far the scoring of masks is, over all rows.

    Raises:
        ConfigurationError: a folder or table is missing, or a row holds no predictions.
        ManifestError: labels or references that cannot be used.
    """
    manifests = read_part(split / part)
    _refuse_empty_rows(rows, manifests)
    shares = {stem: share for m in manifests for stem, share in read_lesion_shares(m).items()}
    attributes = read_attributes(split / "pictures.csv", bus_bra=bus_bra, lesion_shares=shares)
    tables = _score_rows(manifests, rows, options, progress)
    lines: list[Line] = []
    means: list[KindMean] = []
    differences: list[Difference] = []
    calibration: list[Calibration] = []
    for manifest in manifests:
        by_row = tables[manifest.protocol]
        if not by_row:
            continue
        measured = measure(
            manifest,
            by_row,
            find_slices(next(iter(by_row.values())), manifest, attributes, shares),
            [pair for pair in pairs if by_row.keys() >= set(pair)],
            n_resamples=options.n_resamples,
            seed=options.seed,
        )
        lines += measured.lines
        means += measured.means
        differences += measured.differences
        calibration += measure_calibration(manifest, by_row)
    return Report(
        part=part,
        rows=tuple(rows),
        n_resamples=options.n_resamples,
        seed=options.seed,
        folders=tuple(_describe(manifest) for manifest in manifests),
        targets=check_targets(lines, list(rows)),
        lines=tuple(lines),
        means=tuple(means),
        differences=tuple(differences),
        calibration=tuple(calibration),
        provenance=describe_run(),
    )


def read_part(folder: Path) -> list[Manifest]:
    """Read the labelled manifests of one part of a split: ``uusic25/``, ``fmc_uia/`` or both.

    Raises:
        ConfigurationError: it holds neither.
        ManifestError: a manifest that cannot be used.
    """
    manifests = []
    root = folder / uusic25.PROTOCOL
    if root.is_dir():
        images, references = root / "images", root / "references"
        truth = root / "ground_truth.json"
        manifests.append(
            uusic25.read_manifest(truth, images_dir=images, references_dir=references, labelled=True)
        )
    root = folder / fmc_uia.PROTOCOL
    if root.is_dir():
        manifests.append(fmc_uia.read_manifest(root / "references", labelled=True))
    if not manifests:
        raise ConfigurationError(f"{folder}: expected uusic25/ or fmc_uia/, as `prepare --split` writes them")
    return manifests


def _refuse_empty_rows(rows: Mapping[str, Path], manifests: Sequence[Manifest]) -> None:
    protocols = [manifest.protocol for manifest in manifests]
    empty = [name for name, folder in rows.items() if not any((folder / p).is_dir() for p in protocols)]
    if empty:
        expected = " or ".join(f"{protocol}/" for protocol in protocols)
        raise ConfigurationError(
            f"Expected {expected} in the folder of each row but {', '.join(empty)} has none"
        )


def _score_rows(
    manifests: Sequence[Manifest],
    rows: Mapping[str, Path],
    options: ReportOptions,
    progress: Progress | None,
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the table of cases by protocol and row, for the rows that predicted the protocol."""
    scoring = ScoringOptions(n_resamples=0, n_processes=options.n_processes)
    jobs = [
        (manifest, name, folder / manifest.protocol)
        for manifest in manifests
        for name, folder in rows.items()
        if (folder / manifest.protocol).is_dir()
    ]
    n_masks = {m.protocol: sum(case.output_path is not None for case in m.cases) for m in manifests}
    total = sum(n_masks[manifest.protocol] for manifest, _, _ in jobs)
    tables: dict[str, dict[str, pd.DataFrame]] = {manifest.protocol: {} for manifest in manifests}
    finished = 0
    for manifest, name, folder in jobs:
        before = finished

        def tell(what: str, done: int, _: int, before: int = before) -> None:
            if progress is not None and what == "masks":
                progress("masks", before + done, total)

        tables[manifest.protocol][name] = score_submission(
            manifest, folder, scoring, name=name, progress=tell
        ).cases
        finished += n_masks[manifest.protocol]
    return tables


def _describe(manifest: Manifest) -> ChallengePart:
    rules = SCORES[manifest.protocol].RULES["strict"]
    return ChallengePart(protocol=manifest.protocol, manifest_sha256=manifest.sha256, rules=rules)
