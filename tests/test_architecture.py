"""The import rules of the house, by reading every module's imports."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("evaluation", "leaderboard", "model", "train", "sample_data")
FILES = [*(file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))), ROOT / "inference.py"]


def module_name(file: Path) -> str:
    """Return a file's dotted name; a package's is its folder's."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in FILES}


def find_imports(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports anywhere, `from package import module` as the module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the room"
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in MODULES else str(node.module)


IMPORTS = {name: sorted(set(find_imports(file))) for name, file in MODULES.items()}

CONTRACT = "evaluation.contract"
FILES_ROOM = "evaluation.files"
METRICS = "evaluation.metrics"
STATISTICS = "evaluation.statistics"
SHIPPED = r"evaluation\.protocols(\.(uusic25|fmc_uia)(\.(layout|predictions))?|\.entries)?"
PLANS = r"evaluation\.(estimates|protocols\.(plan|registry|case_table|uusic25\.scores))"
PURE = ("numpy", "scipy", "cv2")
PREDICTOR = (CONTRACT, FILES_ROOM, SHIPPED, r"evaluation\.cores")

# Which modules (by a pattern of their names) may import what, beside the standard library. A plain name
# allows its sub-modules too.
RULES: dict[str, tuple[str, ...]] = {
    r"evaluation\.contract(\..*)?": (CONTRACT, "numpy", "pydantic"),
    r"evaluation\.files(\..*)?": (FILES_ROOM, CONTRACT, "numpy", "PIL", "yaml"),
    SHIPPED: (CONTRACT, FILES_ROOM, r"evaluation\.protocols\.entries", "numpy"),
    r"evaluation\.metrics(\..*)?": (METRICS, CONTRACT, *PURE),
    r"evaluation\.statistics(\..*)?": (
        STATISTICS,
        METRICS,
        r"evaluation\.contract\.errors",
        "numpy",
        "scipy",
    ),
    # The commands join the runner to scoring; the runner itself knows of no score and no protocol.
    r"evaluation\.runner\.commands": ("evaluation", "typer", "rich"),
    r"evaluation\.runner(\..*)?": (
        *("evaluation.runner", CONTRACT, FILES_ROOM, r"evaluation\.(provenance|cores)"),
        *("pydantic", "psutil", "pynvml"),
    ),
    # Only the queue knows of clusters, so that nothing else waits for Dask to load.
    r"evaluation\.queue(\..*)?": (
        *("evaluation", "pydantic", "rich", "typer", "yaml"),
        *("dask", "distributed", "dask_jobqueue"),
    ),
    r"evaluation\.rehearsal(\..*)?": ("evaluation", "pydantic", "rich", "typer", "yaml"),
    r"evaluation(\..*)?": (
        "evaluation",
        *PURE,
        *("pandas", "pydantic", "PIL", "rich", "typer"),
        *("skimage", "sklearn", "SimpleITK", "surface_distance"),
    ),
    # What runs on a platform is scoring itself, shipped with `evaluation` and nothing else of the project.
    r"leaderboard\.export\.programs(\..*)?": ("leaderboard.export.programs", "evaluation"),
    r"leaderboard\.export(\..*)?": ("leaderboard", "evaluation", "typer", "yaml", "PIL"),
    # The gallery shows predictions over images: scoring and the layouts are what reads them.
    r"leaderboard\.report\.(gallery|overlay)": (
        *("leaderboard", CONTRACT, FILES_ROOM, SHIPPED, "evaluation.scoring", "evaluation.masks"),
        *("numpy", "pandas", "markupsafe", "PIL", "cv2"),
    ),
    # A ranking resamples the protocols' own statistics, rebuilt from the tables of cases: the plan is the one
    # place where a metric is defined, so the leaderboard reads it instead of defining metrics again.
    r"leaderboard(\..*)?": (
        *("leaderboard", CONTRACT, METRICS, STATISTICS, FILES_ROOM, PLANS),
        *("numpy", "scipy", "pandas", "pydantic", "rich", "typer", "yaml", "matplotlib"),
        *("jinja2", "markupsafe", "resvg_py", "PIL"),
    ),
    r"model(\..*)?": (
        *("model", *PREDICTOR, "numpy", "PIL", "cv2", "pydantic", "safetensors"),
        *("torch", "onnxruntime", "openvino"),
    ),
    r"inference": ("model", *PREDICTOR),
}
# torch only where a GPU's speed is measured; it is imported when a device may be there.
RULES = {r"evaluation\.calibration\.gpu": (r"evaluation\.calibration\.record", "torch"), **RULES}
BENCH_ONLY = ("skimage", "sklearn", "SimpleITK", "surface_distance")


def is_allowed(imported: str, allowed: tuple[str, ...]) -> bool:
    """Tell whether an import is of the standard library or matches one of the patterns."""
    if imported.split(".")[0] in sys.stdlib_module_names:
        return True
    return any(
        re.fullmatch(rf"{pattern}(\..*)?" if "\\" not in pattern else pattern, imported)
        for pattern in allowed
    )


def find_broken_rules(imports: dict[str, list[str]]) -> list[str]:
    """Return every import that the first rule for its module does not allow."""
    broken = []
    for module, imported in imports.items():
        allowed = next((rule for name, rule in RULES.items() if re.fullmatch(name, module)), None)
        if allowed is not None:
            broken += [f"{module} imports {name}" for name in imported if not is_allowed(name, allowed)]
    return broken


def test_every_room_imports_only_what_it_may() -> None:
    assert find_broken_rules(IMPORTS) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("evaluation.contract.case", "pandas"),
        ("evaluation.contract.case", "evaluation.files.images"),
        ("evaluation.files.images", "scipy.ndimage"),
        ("evaluation.protocols.fmc_uia.layout", "evaluation.protocols.fmc_uia.scores"),
        ("evaluation.protocols.uusic25.predictions", "evaluation.metrics.overlap"),
        ("evaluation.metrics.overlap", "sklearn.metrics"),
        ("evaluation.statistics.bootstrap", "evaluation.contract.result"),
        ("evaluation.runner.run", "evaluation.scoring"),
        ("evaluation.runner.watch", "numpy"),
        ("evaluation.runner.commands", "pandas"),
        ("evaluation.scoring", "leaderboard.board"),
        ("evaluation.scoring", "model.floor"),
        ("evaluation.masks", "train.floor"),
        ("evaluation.runner.memory", "evaluation.scoring"),
        ("leaderboard.board", "evaluation.scoring"),
        ("leaderboard.export.programs.job", "leaderboard.metric"),
        ("leaderboard.export.challenge", "model.floor"),
        ("model.floor", "evaluation.protocols.fmc_uia.scores"),
        ("inference", "evaluation.scoring"),
    ],
)
def test_each_rule_can_be_broken(module: str, imported: str) -> None:
    assert find_broken_rules({module: [imported]}) == [f"{module} imports {imported}"]


def test_second_implementations_are_imported_by_the_bench_alone() -> None:
    users = {
        module
        for module, imported in IMPORTS.items()
        if any(name.split(".")[0] in BENCH_ONLY for name in imported)
    }
    assert all(module.startswith("evaluation.bench.") for module in users)


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: {name for name in imported if name in MODULES} for module, imported in IMPORTS.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' → '.join(error.args[1])}")


TALKING = (
    *(f"func=Name(id='{name}'" for name in ("print", "input")),
    *(
        f"value=Name(id='sys', ctx=Load()), attr='{name}'"
        for name in ("stdout", "stderr", "stdin", "argv", "exit")
    ),
)


def test_only_commands_talk_to_the_terminal() -> None:
    talkers = []
    for module, file in MODULES.items():
        text = ast.dump(ast.parse(file.read_text(encoding="utf-8")))
        is_command = "left=Name(id='__name__'" in text
        if (
            any(sign in text for sign in TALKING)
            and not is_command
            and not module.endswith((".terminal", ".commands"))
        ):
            talkers.append(module)
    assert talkers == []


def test_no_file_names_one_machine() -> None:
    slash = "/"
    places = [f"{slash}{name}{slash}" for name in ("work", "root", "home", "Users")] + [f"C:{chr(92)}"]
    named = [
        f"{file.relative_to(ROOT)}: {place}"
        for file in [
            *FILES,
            *sorted((ROOT / "tests").rglob("*.py")),
            ROOT / "Makefile",
            ROOT / "pyproject.toml",
        ]
        for place in places
        if place in file.read_text(encoding="utf-8")
    ]
    assert named == []


def test_files_stay_readable() -> None:
    long = {name: n for name, file in MODULES.items() if (n := len(file.read_text().splitlines())) > 300}
    assert long == {}


def test_nothing_else_lies_at_the_top() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    fixed = {"README.md", "Dockerfile", "requirements.txt", "inference.py"}
    rooms = {"train", "evaluation", "leaderboard", "sample_data", "tests", "model"}
    ours = {"Makefile", "pyproject.toml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"}
    made = {"runs", "build"}  # Ignored by git.
    assert fixed | rooms | ours <= visible <= fixed | rooms | ours | made
