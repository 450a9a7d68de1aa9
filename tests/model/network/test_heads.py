"""Heads on maps whose answer can be worked out by hand."""

import pytest
import torch
from torch import Tensor, nn

from evaluation.contract.task import Kind
from model.network.backbone import Features
from model.network.heads import (
    AverageAndMax,
    ClassificationHead,
    DetectionHead,
    RegressionHead,
    SegmentationHead,
    StemAdapter,
    make_head,
    make_trunk,
)

NOTHING = torch.full((1, 8, 2, 2), float("nan"))


def pass_on(last: nn.Module) -> None:
    """Make a 1x1 convolution hand its input through."""
    assert isinstance(last, nn.Conv2d)
    with torch.no_grad():
        last.weight.copy_(torch.eye(last.out_channels)[:, :, None, None])
        nn.init.zeros_(last.bias)  # type: ignore[arg-type] # these have one


def test_segmentation_cell_tells_its_quarters_apart_class_by_class() -> None:
    head = SegmentationHead(nn.Identity(), 8, 2, dense_stride=4)
    pass_on(head.last)
    cell = torch.arange(8.0).reshape(1, 8, 1, 1)
    assert head(Features(NOTHING, cell)).tolist() == [[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]]


def test_segmentation_of_a_full_resolution_map_keeps_its_resolution() -> None:
    head = SegmentationHead(nn.Identity(), 8, 8, dense_stride=1)
    pass_on(head.last)
    dense = torch.randn(1, 8, 5, 5)
    assert torch.equal(head(Features(NOTHING, dense)), dense)


def test_box_edges_are_the_places_of_their_peaks() -> None:
    head = DetectionHead(nn.Identity(), 4)
    pass_on(head.last)
    dense = torch.zeros(1, 4, 8, 8)
    dense[0, 0, :, 1] = 100  # x_min: column 1 of 8
    dense[0, 1, 2, :] = 100  # y_min: row 2
    dense[0, 2, :, 5] = 100  # x_max
    dense[0, 3, 7, :] = 100  # y_max
    assert head(Features(NOTHING, dense)).tolist() == [pytest.approx([1.5 / 8, 2.5 / 8, 5.5 / 8, 7.5 / 8])]


def test_box_of_a_map_that_says_nothing_is_the_centre() -> None:
    head = DetectionHead(nn.Identity(), 4)
    pass_on(head.last)
    assert head(Features(NOTHING, torch.zeros(2, 4, 6, 6))).tolist() == [[pytest.approx(0.5)] * 4] * 2


def test_box_stays_float32_where_its_maps_are_bfloat16() -> None:
    head = DetectionHead(nn.Identity(), 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        box = head(Features(NOTHING, torch.randn(1, 4, 64, 64)))
    # A share of 1/256 of the side is all that bfloat16 could tell.
    assert box.dtype == torch.float32


def test_classification_pools_by_average_and_by_largest_value() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, -4.0]]]])
    assert AverageAndMax()(x).tolist() == [[3.0, -1.0, 6.0, 0.0]]


def test_trunk_of_points_sees_the_whole_picture() -> None:
    trunk = make_trunk(Kind.REGRESSION, stem_channels=16, dense_channels=8, dense_stride=4).eval()
    dense = torch.randn(1, 8, 64, 64, requires_grad=True)
    torch.autograd.backward(trunk(dense)[0, :, 4, 4].sum())
    assert dense.grad is not None
    rows = dense.grad[0].abs().sum(0).amax(1) > 0
    assert rows.nonzero().max() >= 40


def test_places_are_the_last_layer_as_it_is() -> None:
    head = RegressionHead(nn.Identity(), 4, 4)
    pass_on(head.last)
    dense = torch.randn(2, 4, 3, 3)
    assert torch.equal(head(Features(NOTHING, dense)), dense)


@pytest.mark.parametrize("kind", list(Kind))
def test_classification_reads_the_stem_alone_and_the_others_the_dense_map_alone(kind: Kind) -> None:
    trunk = make_trunk(kind, stem_channels=16, dense_channels=8, dense_stride=4)
    head = make_head(kind, 1, trunk, stem_channels=16, dense_channels=8, dense_stride=4, adapted=True).eval()
    unread, read = torch.full((1, 1, 16, 16), float("nan")), torch.randn(1, 16, 16, 16)
    reads_stem = bool(head_is_finite(head, Features(read, unread)))
    reads_dense = bool(head_is_finite(head, Features(unread, read[:, :8])))
    assert (reads_stem, reads_dense) == (kind is Kind.CLASSIFICATION, kind is not Kind.CLASSIFICATION)


def head_is_finite(head: nn.Module, features: Features) -> bool:
    """Tell whether a head answers from these features; a map of the wrong channels is no answer."""
    try:
        answer: Tensor = head(features)
    except RuntimeError:
        return False
    return bool(answer.isfinite().all())


@pytest.mark.parametrize(("dense_stride", "side"), [(1, 64), (4, 16)])
@pytest.mark.parametrize("kind", [Kind.DETECTION, Kind.REGRESSION])
def test_places_are_read_at_a_quarter_whatever_the_dense_stride(
    kind: Kind, dense_stride: int, side: int
) -> None:
    trunk = make_trunk(kind, stem_channels=16, dense_channels=8, dense_stride=dense_stride)
    assert trunk(torch.randn(1, 8, side, side)).shape == (1, 8, 16, 16)


def test_adapter_starts_as_the_identity_and_can_learn() -> None:
    adapter, stem = StemAdapter(16), torch.randn(2, 16, 3, 3)
    adapted = adapter(stem)
    assert torch.equal(adapted, stem)
    adapted.square().mean().backward()
    last = adapter.layers[-1]
    assert isinstance(last, nn.Conv2d)
    assert last.weight.grad is not None
    assert last.weight.grad.abs().max() > 0


def test_adapter_is_two_bottlenecks_of_a_quarter_of_the_channels() -> None:
    convs = [layer for layer in StemAdapter(16).layers if isinstance(layer, nn.Conv2d)]
    shapes = [(conv.in_channels, conv.out_channels, conv.kernel_size) for conv in convs]
    assert shapes == [(16, 4, (1, 1)), (4, 16, (1, 1))] * 2


def test_classification_head_without_adapter_pools_the_stem_as_it_is() -> None:
    head = ClassificationHead(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), 2, 2, None)
    with torch.no_grad():
        head.last.weight.copy_(torch.eye(2))
        head.last.bias.zero_()
    stem = torch.tensor([[[[1.0, 3.0]], [[-2.0, 2.0]]]])
    assert head(Features(stem, NOTHING)).tolist() == [[2.0, 0.0]]
