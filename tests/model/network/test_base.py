"""The paper's backbone builds, learns and loads; it is trained on a GPU, not here."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from safetensors.torch import load, save
from torch import Tensor

from model.network.base import ResNetStem
from model.network.unified import Preset, UnifiedNetwork
from tests.model.network.scenes import answer_all, make_images, make_network


@pytest.fixture(scope="module")
def network() -> UnifiedNetwork:
    """Give one network to all tests: building it takes seconds."""
    return make_network(Preset.BASE, adapted=True)


def test_parameters_are_as_many_as_transunets(network: UnifiedNetwork) -> None:
    n_parameters = sum(parameter.numel() for parameter in network.backbone.parameters())
    # 105.28 million are published for R50-ViT-B/16 TransUNet.
    assert n_parameters == pytest.approx(105.3e6, abs=0.1e6)


def test_dense_answers_come_at_the_papers_resolutions(network: UnifiedNetwork) -> None:
    with torch.no_grad():
        answers = answer_all(network, make_images(1, 256))
    assert [tuple(answer.shape[1:]) for answer in answers] == [
        (3, 256, 256),
        (2, 256, 256),
        (3,),
        (5,),
        (4,),
        (4, 64, 64),
    ]


def test_stem_gives_the_papers_skips(network: UnifiedNetwork) -> None:
    with torch.no_grad():
        maps = network.backbone.stem(make_images(1, 64))
    assert [tuple(found.shape[1:]) for found in maps] == [
        (64, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
        (1024, 4, 4),
    ]


def test_smaller_input_works(network: UnifiedNetwork) -> None:
    with torch.no_grad():
        answers = answer_all(network, make_images(1, 192))
    assert answers[0].shape == (1, 3, 192, 192)
    assert answers[-1].shape == (1, 4, 48, 48)


def test_stem_pads_and_standardises_as_its_source_says(network: UnifiedNetwork) -> None:
    stem = network.backbone.stem
    assert isinstance(stem, ResNetStem)
    weight = stem.entry.conv.weight  # type: ignore[union-attr] # a convolution
    assert isinstance(weight, torch.Tensor)
    flat = weight.flatten(1)
    kernels = ((flat - flat.mean(1, keepdim=True)) / flat.std(1, correction=0, keepdim=True)).view_as(weight)
    image = make_images(1, 64)
    # 7x7 at stride 2 on an even side: 5 cells are missing, 2 before and 3 after.
    expected = F.conv2d(F.pad(image, (2, 3, 2, 3)), kernels, stride=2)
    expected = F.relu(F.group_norm(expected, 32))
    with torch.no_grad():
        torch.testing.assert_close(stem(image)[0], expected, rtol=1e-4, atol=1e-4)


def test_stem_does_not_feel_the_scale_or_the_mean_of_its_kernels() -> None:
    torch.manual_seed(0)
    stem, image = ResNetStem(), make_images(1, 64)
    with torch.no_grad():
        before = stem(image)[-1]
        for name, parameter in stem.named_parameters():
            if name.endswith("conv.weight"):
                parameter.mul_(3).add_(0.1)
        torch.testing.assert_close(stem(image)[-1], before, rtol=1e-3, atol=1e-3)


def test_one_training_step_lowers_the_loss_and_reaches_every_parameter(network: UnifiedNetwork) -> None:
    # Not in training mode: without dropout the step alone makes the difference.
    learner, images = copy.deepcopy(network), make_images(1, 64)
    before = measure(learner, images)
    before.backward()  # type: ignore[no-untyped-call] # torch types it so
    assert [name for name, parameter in learner.named_parameters() if parameter.grad is None] == []
    torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0, error_if_nonfinite=True)
    torch.optim.SGD(learner.parameters(), lr=0.01).step()
    with torch.no_grad():
        assert measure(learner, images) < before


def measure(network: UnifiedNetwork, images: Tensor) -> Tensor:
    """Return how far all answers are from 0.3."""
    return torch.stack([(answer - 0.3).square().mean() for answer in answer_all(network, images)]).sum()


def test_network_comes_back_from_safetensors(network: UnifiedNetwork) -> None:
    with torch.device("meta"):
        other = make_network(Preset.BASE, adapted=True)
    # On "meta" nothing has a value yet: what the file leaves out could not answer.
    other.load_state_dict(load(save(network.state_dict())), assign=True)
    images = make_images(1, 64)
    with torch.no_grad():
        pairs = zip(answer_all(network, images), answer_all(other, images), strict=True)
        assert all(torch.equal(expected, got) for expected, got in pairs)
