"""Writes the network as ONNX graphs: ``python -m model.export``."""

import argparse
import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from evaluation.contract.errors import UserError
from evaluation.contract.task import Kind
from model.checkpoint import load_network
from model.graphs import DECODER, RECORD, STEM, GraphsRecord, graphs_folder, hash_file, head_name
from model.network.backbone import Features
from model.network.unified import Backbone

OPSET = 17
EXAMPLES = """examples:
  python -m model.export --weights model/weights/lite.safetensors      (beside them: lite.graphs)
  python -m model.export --weights lite.safetensors --out lite.graphs"""


class _Decoder(nn.Module):
    """What a backbone makes of its stem's maps."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, *maps: Tensor) -> Tensor:
        return self.backbone.decode(maps)


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
        maps = network.backbone.stem(image)
        features = network.encode(image)
    names = [f"map_{index}" for index in range(len(maps))]
    _write(network.backbone.stem, (image,), folder / STEM, ["image"], names)
    _write(_Decoder(network.backbone), tuple(maps), folder / DECODER, names, ["dense"])
    for index, (key, head) in enumerate(zip(network.keys, network.heads, strict=True)):
        example = features.stem if key.kind is Kind.CLASSIFICATION else features.dense
        _write(_Head(head), (example,), folder / head_name(index), ["features"], ["answer"])
    record = GraphsRecord(weights_sha256=hash_file(weights), n_heads=len(header.heads))
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _write(
    module: nn.Module, example: tuple[Tensor, ...], file: Path, inputs: list[str], outputs: list[str]
) -> None:
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but its successor needs two more packages; it also warns of
        # branches on sizes, which are the same for every image here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            example,
            file,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
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
