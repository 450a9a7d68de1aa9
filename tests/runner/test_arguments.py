"""The command lines that engines are given, word by word: the recorded contract."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.runner.apptainer import build_run
from evaluation.runner.docker_arguments import build_create, name_volumes
from evaluation.runner.engine import Image, Job
from evaluation.runner.limits import Limits, Profile, parse_size
from evaluation.runner.submission import CommandSubmission, choose_submission, parse_command

IMAGE = Image(reference="sha256:abc", digest="sha256:abc")
JOB = Job(
    run_id="r1",
    owner="boot:1:2",
    input_dir=Path("/data/in"),
    input_json=Path("/data/m.json"),
    output_dir=Path("/runs/out"),
    scratch_dir=Path("/runs/scratch"),
    limits=Limits(),
    profile=Profile.SAFE,
    gpus="none",
)
TMPFS = "rw,exec,nosuid,nodev,size=1073741824,mode=1777"


@pytest.fixture(params=[0, 1000])
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Be root, or somebody; return who the submission must be."""
    monkeypatch.setattr(os, "getuid", lambda: request.param)
    monkeypatch.setattr(os, "getgid", lambda: request.param)
    return request.param or 10001


@pytest.mark.parametrize(
    ("engine", "uid", "cores", "words"),
    [
        ("docker", 1000, (2, 3), ["--cpuset-cpus=2,3"]),
        ("docker", 1000, (2,), []),  # Fewer than it is given the time of: neighbours share them anyhow.
        ("podman", 0, (2, 3), ["--cpuset-cpus=2,3"]),
        ("podman", 1000, (2, 3), []),
    ],
)
def test_slot_has_its_cores_to_itself(
    engine: str, uid: int, cores: tuple[int, ...], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr("evaluation.runner.docker_arguments._PODMAN_INIT", ())
    created = build_create(IMAGE, replace(JOB, cores=cores), engine=engine)
    assert [word for word in created if word.startswith("--cpuset")] == words


def test_safe_profile_word_by_word(user: int) -> None:
    own = f",uid={user},gid={user}"
    assert build_create(IMAGE, JOB, engine="docker") == [
        "create",
        "--label=ultrasound-bench.owner=boot:1:2",
        "--label=ultrasound-bench.run=r1",
        "--network=none",
        "--hostname=submission",
        "--ipc=private",
        "--no-healthcheck",
        "--pull=never",
        "--log-driver=none",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--memory=8589934592",
        "--memory-swap=8589934592",
        "--pids-limit=512",
        "--cpus=2",
        "--shm-size=1073741824",
        "--ulimit=fsize=2147483648",
        "--ulimit=core=0",
        "--ulimit=nofile=4096",
        "--init",
        "--read-only",
        f"--user={user}:{user}",
        "--env=HOME=/myhome",
        f"--tmpfs=/tmp:{TMPFS}{own}",
        f"--tmpfs=/run:{TMPFS}{own}",
        f"--tmpfs=/myhome:{TMPFS}{own}",
        "--mount=type=bind,src=/data/in,dst=/input,readonly",
        "--mount=type=bind,src=/data/m.json,dst=/input_json,readonly",
        "--mount=type=bind,src=/runs/out,dst=/output",
        "sha256:abc",
    ]


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_official_profile_gives_root_and_a_writable_root_and_nothing_else(engine: str) -> None:
    safe = build_create(IMAGE, JOB, engine=engine)
    official = build_create(IMAGE, replace(JOB, profile=Profile.OFFICIAL), engine=engine)
    added = set(official) - set(safe)
    assert added == {"--user=0:0", "--cap-add=CHOWN", "--cap-add=DAC_OVERRIDE", "--cap-add=FOWNER"}
    gone = {word.split("=")[0] for word in set(safe) - set(official)}
    assert gone <= {"--read-only", "--user", "--env", "--tmpfs", "--image-volume"}
    assert "--network=none" in official


def test_podman_gives_scratch_folders_to_the_user_in_its_own_words() -> None:
    built = build_create(IMAGE, JOB, engine="podman")
    assert [word for word in built if "--tmpfs" in word] == [
        f"--tmpfs={place}:{TMPFS},notmpcopyup,U"
        for place in ("/tmp", "/run", "/myhome")  # noqa: S108 # the container's
    ]


@pytest.mark.parametrize(
    ("engine", "gpus", "words"),
    [
        ("docker", "all", ["--gpus=all"]),
        ("docker", "0,2", ['--gpus="device=0,2"']),
        ("docker", "none", []),
        ("podman", "all", ["--device=nvidia.com/gpu=all"]),
        ("podman", "0,2", ["--device=nvidia.com/gpu=0", "--device=nvidia.com/gpu=2"]),
    ],
)
def test_gpus_are_named_as_each_engine_names_them(engine: str, gpus: str, words: list[str]) -> None:
    built = build_create(IMAGE, replace(JOB, gpus=gpus), engine=engine)
    assert [word for word in built if "gpu" in word] == words


def test_path_with_comma_and_quote_stays_one_field() -> None:
    built = build_create(IMAGE, replace(JOB, input_dir=Path('/a,b/"c"')), engine="docker")
    assert '--mount=type=bind,"src=/a,b/""c""",dst=/input,readonly' in built


def test_fmc_uia_has_no_manifest_to_mount() -> None:
    assert not any(
        "/input_json" in word for word in build_create(IMAGE, replace(JOB, input_json=None), engine="docker")
    )


def test_volumes_of_the_image_are_read_only_or_ours() -> None:
    image = replace(IMAGE, volumes=("/data", "/output", "/tmp/"))  # noqa: S108 # the container's
    assert name_volumes(image, JOB) == {"/data": "ultrasound-bench-r1-0"}
    volumes = [word for word in build_create(image, JOB, engine="docker") if "type=volume" in word]
    label = "volume-label=ultrasound-bench.owner=boot:1:2"
    assert volumes == [f"--mount=type=volume,src=ultrasound-bench-r1-0,dst=/data,readonly,{label}"]
    assert "--image-volume=ignore" in build_create(image, JOB, engine="podman")


def test_apptainer_word_by_word() -> None:
    image = Image(reference="/images/a.sif", digest="sha256:abc")
    assert build_run("apptainer", image, JOB) == [
        "apptainer",
        "run",
        "--containall",
        "--cleanenv",
        "--no-mount=hostfs,cwd,bind-paths",
        "--net",
        "--network=none",
        "--no-privs",
        "--security=no-new-privs",
        "--home=/runs/scratch:/myhome",
        "--workdir=/runs/scratch",
        "--bind=/data/in:/input:ro",
        "--bind=/runs/out:/output",
        "--bind=/data/m.json:/input_json:ro",
        "--memory=8589934592",
        "--memory-swap=8589934592",
        "--pids-limit=512",
        "--cpus=2",
        "/images/a.sif",
    ]
    official = build_run("apptainer", image, replace(JOB, profile=Profile.OFFICIAL, gpus="all"))
    assert {"--fakeroot", "--writable-tmpfs", "--nv", "--network=none"} <= set(official)


@pytest.mark.parametrize("mark", [",", ":"])
def test_apptainer_refuses_a_path_it_would_misread(mark: str) -> None:
    with pytest.raises(ConfigurationError, match="comma or a colon"):
        build_run("apptainer", IMAGE, replace(JOB, output_dir=Path(f"/a{mark}b")))


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("8g", 2**33), ("512m", 2**29), ("1.5GiB", 3 * 2**29), ("100", 100), ("2KB", 2048), ("1 T", 2**40)],
)
def test_sizes_are_read(text: str, n_bytes: int) -> None:
    assert parse_size(text) == n_bytes


@pytest.mark.parametrize("text", ["", "g", "-1g", "0", "1x", "1e9", "0.2", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Expected a size"):
        parse_size(text)


def test_command_is_split_without_a_shell_and_words_in_braces_are_filled() -> None:
    command = parse_command("python 'a b.py' --in={input} {output} '$(id); *'")
    places = {"input": Path("/i n"), "input_json": None, "output": Path("/o")}
    filled = command.fill(places)
    assert filled == ["python", "a b.py", "--in=/i n", "/o", "$(id); *"]
    with pytest.raises(ConfigurationError, match="this challenge does not have"):
        CommandSubmission(("x", "{input_json}")).fill(
            {"input": Path("/i"), "input_json": None, "output": Path("/o")}
        )


@pytest.mark.parametrize("text", ["", "  ", "python 'x"])
def test_command_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--command"):
        parse_command(text)


def test_exactly_one_submission_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="exactly one"):
        choose_submission(None, None, None)
    with pytest.raises(ConfigurationError, match="exactly one"):
        choose_submission("a", None, "b")
    with pytest.raises(ConfigurationError, match="name an image"):
        choose_submission("--privileged", None, None)
    with pytest.raises(ConfigurationError, match="no such file"):
        choose_submission(None, tmp_path / "absent.tar", None)
