"""What other rooms may rely on: the contract's names, its error tree, and how little it loads."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

from evaluation import contract
from evaluation.contract import errors

PUBLIC_NAMES = {
    "bench": {"BenchReport", "Ratio"},
    "case": {"BoxReference", "Case", "ClassReference", "MaskReference", "PointsReference", "make_case_id"},
    "errors": {
        "BenchError",
        "ConfigurationError",
        "DeviceError",
        "EngineError",
        "GeometryError",
        "HarnessError",
        "ManifestError",
        "SubmissionError",
        "UserError",
    },
    "manifest": {"Manifest"},
    "prediction": {"BoxPrediction", "ClassPrediction", "PointsPrediction", "Submission"},
    "problem": {"Code", "Problem"},
    "record": {"Record"},
    "result": {
        "Bootstrap",
        "GroupResult",
        "Interval",
        "Provenance",
        "Result",
        "RunRecord",
        "Score",
        "TaskResult",
    },
    "task": {"Kind", "Task"},
}


@pytest.mark.parametrize("name", sorted(PUBLIC_NAMES))
def test_module_offers_these_classes_and_functions(name: str) -> None:
    module = importlib.import_module(f"evaluation.contract.{name}")
    own = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }
    assert own == PUBLIC_NAMES[name]


def test_every_module_is_pinned() -> None:
    assert {module.name for module in pkgutil.iter_modules(contract.__path__)} == set(PUBLIC_NAMES)


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (errors.UserError, errors.BenchError),
        (errors.HarnessError, errors.BenchError),
        (errors.ManifestError, errors.UserError),
        (errors.SubmissionError, errors.UserError),
        (errors.GeometryError, errors.UserError),
        (errors.ConfigurationError, errors.UserError),
        (errors.EngineError, errors.HarnessError),
        (errors.DeviceError, errors.HarnessError),
    ],
)
def test_error_tree_is_the_one_drawn_at_the_top_of_its_file(
    error: type[Exception], parent: type[Exception]
) -> None:
    assert error.__bases__ == (parent,)
    assert error.__name__ in str(errors.__doc__)


def test_importing_the_contract_loads_only_numpy_and_pydantic() -> None:
    imports = "; ".join(f"import evaluation.contract.{name}" for name in PUBLIC_NAMES)
    code = f"import sys; {imports}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pydantic" in loaded
    assert not loaded & {"torch", "pandas", "scipy", "PIL", "cv2", "sklearn", "rich", "typer", "model"}


@pytest.mark.parametrize("protocol", ["uusic25", "fmc_uia"])
def test_what_the_predictor_ships_loads_no_metrics_and_no_pandas(protocol: str) -> None:
    modules = f"evaluation.protocols.{protocol}"
    code = (
        f"import sys, {modules}.layout, {modules}.predictions;"
        "print(*sorted(sys.modules)); print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules_loaded, packages_loaded = (set(line.split()) for line in done.stdout.splitlines())
    assert not packages_loaded & {"torch", "pandas", "scipy", "cv2", "sklearn", "rich", "typer"}
    assert not any(
        name.startswith(("evaluation.metrics", "evaluation.statistics")) for name in modules_loaded
    )
