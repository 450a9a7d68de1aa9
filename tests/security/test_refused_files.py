"""Files that no honest submission writes are refused, each with a reason that its maker can act on."""

import gc
import os
import pickle
import sys
import time
from pathlib import Path

import pytest

from evaluation.contract.errors import ManifestError, SubmissionError
from evaluation.files.json_text import parse_json
from evaluation.files.untrusted import read_untrusted
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from tests.protocols.folders import disc, uusic25_entry, write_csv, write_json, write_mask
from tests.security.mutations import (
    GIBIBYTE,
    make_deep_folder,
    make_device,
    make_socket,
    make_sparse,
    remove_deep_folder,
)
from tests.security.scenes import FMC_MASK, UUSIC25_CLASSES, UUSIC25_MASK, Scene, build, build_uusic25

MASKS = [("uusic25", UUSIC25_MASK), ("fmc_uia", FMC_MASK)]
JSONS = [("uusic25", UUSIC25_CLASSES), ("fmc_uia", "detection_predictions.json")]


def refused(scene: Scene, reason: str) -> bool:
    """Whether the check, the strict and the official scoring all end soon and give this reason."""
    start = time.perf_counter()
    in_check = reason in scene.messages()
    strict, official = scene.score("strict").result, scene.score("official").result
    assert time.perf_counter() - start < 5
    assert strict.n_failed > 0
    return in_check and all(
        any(reason in problem.message for problem in result.problems) for result in (strict, official)
    )


@pytest.mark.parametrize(("protocol", "name"), [*MASKS, *JSONS])
def test_symlink_to_the_references_is_refused(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    file = scene.submission / name
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert refused(scene, f"`{name}` is a symbolic link; write a regular file")


@pytest.mark.parametrize(("protocol", "name"), MASKS)
def test_mask_behind_a_linked_folder_is_refused(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    folder = (scene.submission / name).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert refused(scene, f"`{name}` lies behind a symbolic link")


def test_submission_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    scene.submission.rename(tmp_path / "elsewhere")
    scene.submission.symlink_to(tmp_path / "elsewhere")
    assert scene.check() == []
    assert scene.score().result.n_failed == 0


@pytest.mark.parametrize("target", ["/dev/zero", "loop.png", "nothing"])
def test_link_to_a_device_itself_or_nothing_is_refused(target: str, tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    file = scene.submission / UUSIC25_MASK
    file.unlink()
    file.symlink_to(file.name if target == "loop.png" else target)
    assert refused(scene, "is a symbolic link")


@pytest.mark.parametrize(("protocol", "name"), [*MASKS, *JSONS])
def test_fifo_is_refused_and_does_not_hang(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    (scene.submission / name).unlink()
    os.mkfifo(scene.submission / name)
    assert refused(scene, f"`{name}` is not a regular file")


@pytest.mark.parametrize(("protocol", "name"), [*MASKS, *JSONS])
def test_device_is_refused_and_not_read(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    (scene.submission / name).unlink()
    if not make_device(scene.submission / name):
        pytest.skip("making a device needs a privilege that this system does not give")
    assert refused(scene, f"`{name}` ")  # "is not a regular file", or the mount refuses to open devices


def test_socket_is_refused(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    (scene.submission / UUSIC25_MASK).unlink()
    make_socket(scene.submission / UUSIC25_MASK)
    assert refused(scene, f"`{UUSIC25_MASK}` cannot be opened")


@pytest.mark.parametrize(("protocol", "name"), [*MASKS, *JSONS])
def test_folder_in_place_of_a_file_is_refused(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    (scene.submission / name).unlink()
    (scene.submission / name).mkdir()
    assert refused(scene, f"`{name}` is not a regular file")


def test_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    scene = build_uusic25(tmp_path)
    (scene.submission / UUSIC25_CLASSES).chmod(0)
    assert refused(scene, "cannot be opened: Permission denied")


@pytest.mark.parametrize(("protocol", "name"), JSONS)
def test_json_of_a_gibibyte_is_refused_unread(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    make_sparse(scene.submission / name, GIBIBYTE)
    assert refused(scene, f"`{name}` has 1,073,741,824 bytes, expected at most 1")


def test_mask_file_larger_than_its_pixels_is_refused_unread(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    make_sparse(scene.submission / UUSIC25_MASK, GIBIBYTE)
    assert refused(scene, f"`{UUSIC25_MASK}` has 1,073,741,824 bytes, expected at most ")


@pytest.mark.parametrize(("protocol", "name"), JSONS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 50_000, "it is nested too deeply"),
        (b"[" * 50_000_000, "has 50,000,000 bytes, expected at most"),
        (b"[" + b"9" * 10_000 + b"]", "it holds a number with too many digits"),
        (b"{}" + bytes(100), "it is not JSON (line 1, column 3"),
        (b"", "it is not JSON (line 1, column 1"),
        (b"\x89PNG\r\n\x1a\n", "it is not text in UTF-8"),
        (b'"only a text"', "expected a"),
        (pickle.dumps({"a": 1}), "it is not text in UTF-8"),
    ],
)
def test_hostile_json_is_refused(
    protocol: str, name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    scene = build(protocol, tmp_path)
    (scene.submission / name).write_bytes(content)
    assert refused(scene, reason)


def test_parser_survives_fifty_megabytes_of_brackets() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(b"[" * 50_000_000)


def test_parser_of_many_small_lists_never_waits_for_the_garbage_collector() -> None:
    # With it, 10 MB of `[],` take 2.5 s; without it 0.3 s.
    collections: list[str] = []
    gc.callbacks.append(lambda phase, _: collections.append(phase))
    try:
        assert len(parse_json(b"[" + b"[]," * 100_000 + b"[]]").value) == 100_001
        n_collections = len(collections)
        with pytest.raises(ValueError, match="not JSON"):
            parse_json(b"[")
    finally:
        gc.callbacks.pop()
    assert n_collections <= 2  # one, when it is switched on again
    assert gc.isenabled()


class _Malice:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._folder),)


def test_pickle_named_json_is_not_loaded(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    (scene.submission / UUSIC25_CLASSES).write_bytes(pickle.dumps(_Malice(tmp_path / "made"), protocol=0))
    assert refused(scene, "it is not JSON")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "../reference/ground_truth.json", "a/../../b", "a\0b", ""])
def test_path_out_of_the_output_folder_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="leaves the output folder"):
        read_untrusted(tmp_path, path, limit_bytes=10)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret.png", "imgs/../../../secret.png"])
def test_predictions_for_absolute_and_parent_paths_are_named_and_change_nothing(
    path: str, tmp_path: Path
) -> None:
    for protocol, name in JSONS:
        scene = build(protocol, tmp_path / protocol)
        before = scene.score().result.summary
        file = scene.submission / name
        entry = f', "{path}": {{}}}}' if protocol == "uusic25" else f', {{"image_path": "{path}"}}]'
        file.write_text(file.read_text().rstrip()[:-1] + entry)
        messages = scene.messages()
        assert path in messages
        assert "the manifest does not ask" in messages
        assert scene.score().result.summary == before


@pytest.mark.parametrize(
    "path", ["/masks/0.png", "..//masks/0.png", "....//masks/0.png", "masks/.. /../../0"]
)
def test_fmc_uia_manifest_cannot_name_a_mask_outside_the_output_folder(path: str, tmp_path: Path) -> None:
    names = {"task_id": "t", "task_name": "segmentation", "num_classes": 2, "image_path": "../i.png"}
    write_csv(tmp_path, [names | {"mask_path": f"{path}/.." if path.endswith("0") else path}])
    with pytest.raises(ManifestError, match="leaves the output folder"):
        fmc_uia.read_manifest(tmp_path)


@pytest.mark.parametrize("path", ["/imgs/0.png", "../imgs/0.png", "imgs/../../0.png", "imgs/0\0.png", ""])
@pytest.mark.parametrize("key", ["img_path_relative", "mask_path_relative"])
def test_uusic25_manifest_cannot_name_a_path_outside_its_folders(path: str, key: str, tmp_path: Path) -> None:
    entry = uusic25_entry("imgs/0.png", "segmentation", "Thyroid") | {key: path}
    file = write_json(tmp_path / "manifest.json", [entry])
    with pytest.raises(ManifestError, match=f"{key} .* must be a path inside"):
        uusic25.read_manifest(file, images_dir=tmp_path, labelled=True)


def test_very_deep_folders_are_looked_through_without_recursion(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    depth = sys.getrecursionlimit() + 100
    make_deep_folder(scene.submission, depth)
    try:
        messages = scene.messages()
    finally:
        remove_deep_folder(scene.submission)  # pytest's own cleaning would recurse
    assert "1 file(s) that nothing reads, such as `d/d/d" in messages


@pytest.mark.parametrize(("protocol", "name"), JSONS)
def test_flood_of_entries_is_refused_as_a_whole(protocol: str, name: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    n_entries = 200_000 if protocol == "fmc_uia" else 70_000
    stray = ", ".join(f'"{n}": 0' if protocol == "uusic25" else "0" for n in range(n_entries))
    (scene.submission / name).write_text(f"{{{stray}}}" if protocol == "uusic25" else f"[{stray}]")
    assert refused(scene, f"it holds {n_entries} entries for ")


def test_every_stray_entry_below_a_flood_is_a_warning_and_changes_no_score(tmp_path: Path) -> None:
    for protocol, name in JSONS:
        scene = build(protocol, tmp_path / protocol)
        file = scene.submission / name
        stray = ", ".join(f'"{n}": 0' if protocol == "uusic25" else "0" for n in range(900))
        text = file.read_text().rstrip()
        file.write_text(f"{text[:-1]}, {stray}{text[-1]}")
        problems = scene.check()
        assert len(problems) == 900
        assert {problem.severity for problem in problems} == {"warning"}
        assert scene.score().result.n_failed == 0


def test_row_of_a_hundred_thousand_probabilities_makes_no_hundred_thousand_columns(tmp_path: Path) -> None:
    scene = build("fmc_uia", tmp_path)
    file = scene.submission / "classification_predictions.json"
    row = ", ".join(["0"] * 100_000)
    file.write_text(file.read_text().replace('"predicted_probs": [', f'"predicted_probs": [{row}, ', 1))
    scored = scene.score("official")
    assert scored.cases.shape[1] < 300
    assert scored.result.tasks[2].scores["auc"].value is not None


def test_linked_mask_next_to_honest_ones_costs_only_its_own_case(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    file = write_mask(tmp_path / "elsewhere.png", disc())
    (scene.submission / UUSIC25_MASK).unlink()
    (scene.submission / UUSIC25_MASK).symlink_to(file)
    result = scene.score().result
    assert result.n_failed == 1
    assert result.summary["mean_dsc"].value == pytest.approx(2 / 3)
