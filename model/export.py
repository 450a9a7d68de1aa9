"""Writes the network as ONNX graphs: ``python -m model.export``."""

import argparse
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from evaluation.contract.errors import UserError
from evaluation.contract.task import Kind
from model.checkpoint import load_network
from model.graphs import BACKBONE, RECORD, GraphsRecord, graphs_folder, hash_file, head_name
from model.network.backbone import Features

OPSET = 17
EXAMPLES = """examples:
  python -m model.export --weights model/weights/lite.safetensors      (beside them: lite.graphs)
  python -m model.export --weights lite.safetensors --out lite.graphs"""


class _Head(nn.Module):
    """A head as a function of the one map that its kind reads."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        answer: Tensor = self.head(Features(features, features))
        return answer


def export(weights: Path, folder: Path) -> None:
    """Write the graphs of a weights file, for any number of images at once.

    Raises:
        ConfigurationError: the weights cannot be used.
        OSError: the folder cannot be written.
    """
    network, header = load_network(weights)
    folder.mkdir(parents=True, exist_ok=True)
    # Written last: a folder without it is refused, so that an export that was cut short is never used.
    (folder / RECORD).unlink(missing_ok=True)
    image = torch.zeros(1, 1, header.input_size, header.input_size)
    with torch.no_grad():
        features = network.encode(image)
    _write(network.backbone, image, folder / BACKBONE, {"image": "in", "stem": "out", "dense": "out"})
    for index, (key, head) in enumerate(zip(network.keys, network.heads, strict=True)):
        example = features.stem if key.kind is Kind.CLASSIFICATION else features.dense
        _write(_Head(head), example, folder / head_name(index), {"features": "in", "answer": "out"})
    record = GraphsRecord(weights_sha256=hash_file(weights), n_heads=len(header.heads))
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _write(module: nn.Module, example: Tensor, file: Path, names: Mapping[str, str]) -> None:
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but its successor needs two more packages; it also warns of
        # branches on sizes, which are the same for every image here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (example,),
            file,
            input_names=[name for name, side in names.items() if side == "in"],
            output_names=[name for name, side in names.items() if side == "out"],
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=OPSET,
            dynamo=False,
        )


def main() -> int:
    """Return the exit code: 0 done, 2 the user can put it right."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=shape)
    parser.add_argument("--weights", type=Path, required=True, help="a network's .safetensors file")
    parser.add_argument("--out", type=Path, help="folder to write to; beside the weights when not given")
    options = parser.parse_args()
    try:
        export(options.weights, options.out or graphs_folder(options.weights))
    except (UserError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
