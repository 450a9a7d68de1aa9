"""NSD by tolerance: the strict score at one pixel, never falling, failed cases counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.tolerance import TOLERANCES_PX, ToleranceReport, measure_tolerance

SAMPLES = Path(__file__).parents[1] / "sample_data"
PREDICTIONS = SAMPLES / "golden" / "uusic25" / "predictions"


def read_sample() -> Manifest:
    folder = SAMPLES / "uusic25"
    return uusic25.read_manifest(
        folder / "ground_truth.json",
        images_dir=folder / "references",
        references_dir=folder / "references",
        labelled=True,
    )


@pytest.fixture(scope="module")
def report() -> ToleranceReport:
    return measure_tolerance(read_sample(), PREDICTIONS, name="golden", n_resamples=50, n_processes=1)


def test_at_one_pixel_nsd_is_that_of_the_golden_strict_result(report: ToleranceReport) -> None:
    golden = json.loads((SAMPLES / "golden" / "uusic25" / "strict.json").read_text())
    expected = {g["name"]: g["scores"]["nsd"]["value"] for g in golden["groups"] if g["by"] == "organ"}
    place = TOLERANCES_PX.index(1.0)
    found = {organ.organ: organ.nsd[place].value for organ in report.organs}
    assert found.pop("mean") == pytest.approx(golden["summary"]["mean_nsd"]["value"], abs=1e-9)
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_larger_tolerance_never_lowers_nsd(report: ToleranceReport) -> None:
    for organ in report.organs:
        values = [score.value for score in organ.nsd if score.value is not None]
        assert len(values) == len(TOLERANCES_PX)
        assert (np.diff(values) >= 0).all()
        assert values[-1] > values[0]


def test_missing_masks_count_zero_at_every_tolerance(tmp_path: Path) -> None:
    found = measure_tolerance(read_sample(), tmp_path, name="none", n_resamples=0, n_processes=1)
    assert {score.value for organ in found.organs for score in organ.nsd} == {0.0}


def test_another_protocol_is_refused() -> None:
    manifest = fmc_uia.read_manifest(SAMPLES / "fmc_uia" / "references", labelled=True)
    with pytest.raises(ConfigurationError, match="uusic25"):
        measure_tolerance(manifest, PREDICTIONS, name="x")


def test_the_command_writes_the_report_and_prints_a_table(tmp_path: Path) -> None:
    folder = SAMPLES / "uusic25"
    out = tmp_path / "tolerance.json"
    options = ["--reference", str(folder / "ground_truth.json"), "--images", str(folder / "references")]
    options += ["--predictions", str(PREDICTIONS), "--out", str(out), "--bootstrap", "0", "--jobs", "1"]
    done = CliRunner().invoke(app, ["tolerance", *options])
    assert done.exit_code == 0, done.output
    assert ToleranceReport.model_validate_json(out.read_text()).submission == "predictions"
    assert "Fetal" in done.output
