"""The network as a whole: shapes, sharing, freezing, loading."""

import copy

import pytest
import torch
from pydantic import ValidationError

from evaluation.contract.task import Kind
from model.network.heads import ClassificationHead
from model.network.unified import HeadKey, Preset
from tests.model.network.scenes import KEYS, answer_all, make_images, make_network

TRAINED_HERE = (Preset.LITE, Preset.MH_MTL)
SEGMENTATION, CLASSIFICATION = 0, 2


@pytest.mark.parametrize("side", [192, 256])
@pytest.mark.parametrize("preset", TRAINED_HERE)
def test_answers_have_the_shape_of_their_kind(preset: Preset, side: int) -> None:
    with torch.no_grad():
        answers = answer_all(make_network(preset), make_images(2, side))
    half, quarter = side // 2, side // 4
    assert [tuple(answer.shape) for answer in answers] == [
        (2, 3, half, half),
        (2, 2, half, half),
        (2, 3),
        (2, 5),
        (2, 4),
        (2, 4, quarter, quarter),
    ]


@pytest.mark.parametrize("preset", TRAINED_HERE)
def test_answer_does_not_depend_on_the_other_images_of_the_batch(preset: Preset) -> None:
    network, images = make_network(preset), make_images(3, 64)
    with torch.no_grad():
        together = answer_all(network, images)
        alone = answer_all(network, images[1:2])
    for batch, one in zip(together, alone, strict=True):
        torch.testing.assert_close(batch[1:2], one, rtol=1e-4, atol=1e-5)


def test_heads_of_a_kind_share_their_trunk_in_stage_1_only() -> None:
    for shared in (True, False):
        trunks = [head.trunk for head in make_network(Preset.LITE, shared=shared).heads]
        for a, key_a in enumerate(KEYS):
            for b in range(a + 1, len(KEYS)):
                assert (trunks[a] is trunks[b]) == (shared and key_a.kind is KEYS[b].kind)


def test_learning_one_shared_head_moves_its_sibling_and_no_other_kind() -> None:
    network = make_network(Preset.LITE, shared=True)
    features = network.encode(make_images(2, 64))
    network.answer(0, features).square().mean().backward()  # type: ignore[no-untyped-call] # torch types it so
    moved = [any(p.grad is not None for p in head.parameters()) for head in network.heads]
    assert moved == [key.kind is Kind.SEGMENTATION for key in KEYS]


def test_last_layers_are_never_shared() -> None:
    heads = make_network(Preset.LITE, shared=True).heads
    assert len({id(head.last) for head in heads}) == len(KEYS)


def test_only_classification_heads_get_an_adapter() -> None:
    plain, adapted = (make_network(Preset.LITE, adapted=adapted) for adapted in (False, True))
    for key, without, with_adapter in zip(KEYS, plain.heads, adapted.heads, strict=True):
        assert getattr(without, "adapter", None) is None
        has_adapter = getattr(with_adapter, "adapter", None) is not None
        assert has_adapter == (key.kind is Kind.CLASSIFICATION)


def test_new_adapter_leaves_the_answer_as_it_was() -> None:
    network = make_network(Preset.LITE, adapted=True)
    features = network.encode(make_images(2, 64))
    head = network.heads[CLASSIFICATION]
    assert isinstance(head, ClassificationHead)
    with_adapter = network.answer(CLASSIFICATION, features)
    head.adapter = None
    assert torch.equal(network.answer(CLASSIFICATION, features), with_adapter)


@pytest.mark.parametrize("preset", TRAINED_HERE)
@pytest.mark.parametrize("shared", [True, False])
def test_state_dict_carries_every_answer_over(preset: Preset, shared: bool) -> None:
    network = make_network(preset, shared=shared, adapted=not shared)
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    other = make_network(preset, shared=shared, adapted=not shared)
    images = make_images(1, 64)
    with torch.no_grad():
        before = answer_all(other, images)
        other.load_state_dict(network.state_dict())
        pairs = list(zip(answer_all(network, images), answer_all(other, images), before, strict=True))
    assert all(torch.equal(a, b) and not torch.equal(a, old) for a, b, old in pairs)


def test_state_of_another_stage_is_refused() -> None:
    stage_2 = make_network(Preset.LITE, adapted=True)
    with pytest.raises(RuntimeError, match="adapter"):
        stage_2.load_state_dict(make_network(Preset.LITE).state_dict())


@pytest.mark.parametrize("is_frozen", [True, False])
def test_frozen_backbone_stays_bit_identical_while_heads_learn(is_frozen: bool) -> None:
    network = make_network(Preset.LITE, adapted=True)
    network.train()
    if is_frozen:
        # Without eval() the running statistics of the stem would still move.
        network.backbone.eval().requires_grad_(False)
    before = copy.deepcopy(network.state_dict())
    optimiser = torch.optim.SGD((p for p in network.parameters() if p.requires_grad), lr=0.01)
    for _ in range(2):
        optimiser.zero_grad()
        loss = sum(
            (a.float().square().mean() for a in answer_all(network, make_images(2, 64))), torch.zeros(())
        )
        loss.backward()  # type: ignore[no-untyped-call] # torch types it so
        optimiser.step()
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[1] for name in moved if name.startswith("heads.")} == {
        str(n) for n in range(len(KEYS))
    }
    assert any(name.startswith("backbone.") for name in moved) is not is_frozen


@pytest.mark.parametrize("num_classes", [0, 256])
def test_head_key_refuses_a_number_of_classes_that_no_mask_can_hold(num_classes: int) -> None:
    with pytest.raises(ValidationError, match="num_classes"):
        HeadKey(task_id="x", kind=Kind.SEGMENTATION, num_classes=num_classes)
