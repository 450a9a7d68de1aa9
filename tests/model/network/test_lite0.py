"""The stem against the package that its ImageNet weights come from."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped] # ships no type hints
from torch import Tensor, nn

from model.network.lite0 import CHANNELS, Lite0Stem


def make_published() -> nn.Module:
    """Return the package's network with random weights and random statistics."""
    torch.manual_seed(3)
    network: nn.Module = EfficientNet.from_name("efficientnet-lite0").eval()
    for name, value in network.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            value.normal_(0, 0.2)
        elif name.endswith("running_var") or "_bn" in name:
            value.uniform_(0.5, 1.5) if value.is_floating_point() else None
    return network


def make_ours(published: nn.Module) -> Lite0Stem:
    """Return our stem with the weights of the package's network."""
    stem = Lite0Stem().eval()
    stem.load_imagenet(published.state_dict())
    return stem


def record_blocks(blocks: nn.ModuleList) -> list[Tensor]:
    """Return a list that fills with what each block gives."""
    outputs: list[Tensor] = []
    for block in blocks:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    return outputs


@pytest.mark.parametrize("side", [96, 224])
def test_every_block_gives_what_the_published_network_gives(side: int) -> None:
    published = make_published()
    ours = make_ours(published)
    expected = record_blocks(published._blocks)  # type: ignore[arg-type] # a ModuleList
    got = record_blocks(ours.blocks)
    grey = torch.randn(1, 1, side, side)
    with torch.no_grad():
        published.extract_features(grey.expand(-1, 3, -1, -1))  # type: ignore[operator] # a method
        maps = ours(grey)
    assert len(expected) == 16
    for ours_out, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours_out, theirs, rtol=1e-4, atol=1e-4)
    assert [tuple(found.shape[1:]) for found in maps] == [
        (channels, side // 2**level, side // 2**level) for level, channels in enumerate(CHANNELS, start=1)
    ]


def test_missing_weight_is_named() -> None:
    weights = make_published().state_dict()
    del weights["_blocks.3._depthwise_conv.weight"]
    with pytest.raises(KeyError, match=r"_blocks\.3\._depthwise_conv\.weight"):
        Lite0Stem().load_imagenet(weights)


def test_weight_of_another_shape_is_refused() -> None:
    weights = make_published().state_dict()
    weights["_bn0.weight"] = torch.ones(31)
    with pytest.raises(RuntimeError, match=r"entry\.norm\.weight"):
        Lite0Stem().load_imagenet(weights)


def depthwise_convs() -> Iterator[tuple[str, nn.Conv2d]]:
    """Yield each kind of depthwise convolution in the stem once."""
    torch.manual_seed(0)
    seen = set()
    for block in Lite0Stem().blocks:
        conv = block.depthwise.conv  # type: ignore[union-attr] # a block's parts
        assert isinstance(conv, nn.Conv2d)
        kind = f"kernel {conv.kernel_size[0]} stride {conv.stride[0]}"
        if kind not in seen:
            seen.add(kind)
            yield kind, conv


CONVS = dict(depthwise_convs())
SLOW = ("kernel 3 stride 2", "kernel 5 stride 2", "kernel 5 stride 1")


def test_stem_has_every_kind_of_depthwise_convolution() -> None:
    assert set(CONVS) == {*SLOW, "kernel 3 stride 1"}


@pytest.mark.parametrize("kind", sorted(CONVS))
def test_depthwise_convolution_learns_in_float32_where_bfloat16_is_slow(kind: str) -> None:
    conv = CONVS[kind]
    x = torch.randn(2, conv.in_channels, 11, 11, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        learning = conv(x)
        with torch.no_grad():
            predicting = conv(x)
    assert predicting.dtype == torch.bfloat16
    assert learning.dtype == (torch.float32 if kind in SLOW else torch.bfloat16)


@pytest.mark.parametrize("kind", SLOW)
def test_depthwise_fallback_gives_the_float32_result_and_gradient(kind: str) -> None:
    conv = CONVS[kind]
    x = torch.randn(2, conv.in_channels, 11, 11).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = conv(x)
    expected = F.conv2d(x.float(), conv.weight, None, conv.stride, conv.padding, 1, conv.groups)
    assert torch.equal(got, expected)
    gradients = [torch.autograd.grad(y.square().sum(), conv.weight)[0] for y in (got, expected)]
    assert torch.equal(*gradients)
