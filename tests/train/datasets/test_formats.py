"""NIfTI and Excel files: what is read, and that anything else is refused with a sentence."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from tests.train.datasets import trees
from train.datasets.nifti import read_nifti
from train.datasets.xlsx_table import read_xlsx_rows


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32, np.float64, np.uint16])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_nifti_equals_itk(tmp_path: Path, kind: type[np.generic], ending: str) -> None:
    file = tmp_path / f"image{ending}"
    pixels = np.random.default_rng(1).integers(0, 120, (7, 5)).astype(kind)
    trees.write_nifti(file, pixels)
    ours, itk = read_nifti(file), SimpleITK.ReadImage(str(file))
    assert np.array_equal(ours.pixels, SimpleITK.GetArrayFromImage(itk))
    assert ours.pixels.dtype == kind
    assert ours.spacing_mm_yx == pytest.approx(itk.GetSpacing()[1::-1])


def test_nifti_of_one_slice_is_an_image_and_of_two_is_not(tmp_path: Path) -> None:
    trees.write_nifti(tmp_path / "one.nii", np.ones((1, 4, 3), np.uint8))
    trees.write_nifti(tmp_path / "two.nii", np.ones((2, 4, 3), np.uint8))
    assert read_nifti(tmp_path / "one.nii").pixels.shape == (4, 3)
    with pytest.raises(ValueError, match=r"one 2-D image but got shape \(3, 4, 2\)"):
        read_nifti(tmp_path / "two.nii")


def test_damaged_nifti_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "image.nii"
    trees.write_nifti(file, np.ones((4, 3), np.uint8))
    whole = file.read_bytes()
    faults = {
        "cut off": whole[:-1],
        "too short": whole[:100],
        "not a little-endian": b"\0" * len(whole),
        "scaled values": whole[:112] + np.float32(2).tobytes() + whole[116:],
        "2-D image": whole[:40] + np.array([1, 3], "<i2").tobytes() + whole[44:],
    }
    for text, content in faults.items():
        file.write_bytes(content)
        with pytest.raises(ValueError, match=text):
            read_nifti(file)
    packed = tmp_path / "image.nii.gz"
    for content in (b"plain", gzip.compress(whole)[:-9]):
        packed.write_bytes(content)
        with pytest.raises(ValueError, match=r"image.nii.gz: "):
            read_nifti(packed)
    with pytest.raises(ValueError, match="No such file"):
        read_nifti(tmp_path / "absent.nii")


def test_xlsx_joins_cells_by_column_not_by_order(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    trees.write_xlsx(file, [["a", "b", "c"], [1, None, "x y"], [None, 2.5, None]])
    assert read_xlsx_rows(file) == [{"a": "1", "c": "x y"}, {"b": "2.5"}]


def test_xlsx_reads_texts_that_stand_in_their_cells(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = [
        f'<row><c r="A{k}" t="inlineStr"><is><t>{text}</t></is></c></row>' for k, text in ((1, "n"), (2, "v"))
    ]
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}>{''.join(cells)}</worksheet>")
    assert read_xlsx_rows(file) == [{"n": "v"}]


def test_other_files_are_no_workbooks(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    for content in (b"text", b""):
        file.write_bytes(content)
        with pytest.raises(ValueError, match="not a readable Excel workbook"):
            read_xlsx_rows(file)
    trees.write_xlsx(file, [])
    with pytest.raises(ValueError, match="first sheet is empty"):
        read_xlsx_rows(file)


def test_xlsx_cells_without_a_place_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(file, "w") as archive:
        sheet = f"<worksheet {main}><row><c><v>1</v></c></row></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    with pytest.raises(ValueError, match="a cell without its place"):
        read_xlsx_rows(file)
