"""Which heads are shipped, and how sure they say they are: decided on the validation part."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import nn

from evaluation.contract.errors import ConfigurationError
from model.network.heads import ClassificationHead
from model.network.unified import HeadKey, UnifiedNetwork
from train.unified.cache import Cache, CachedPicture
from train.unified.validate import Answers, Validation

MAX_TEMPERATURE = 10.0


def choose_heads(
    specialists: UnifiedNetwork, generalist: UnifiedNetwork, of_2: Validation, of_1: Validation
) -> dict[HeadKey, int]:
    """Put Stage I's head in place of each specialist that is not better; return each head's stage.

    Args:
        specialists: Stage II's network, changed in place.
        generalist: Stage I's network, with the same keys and backbone.
        of_2: validation scores of the specialists.
        of_1: of the generalist.

    Raises:
        ConfigurationError: the specialists are of another Stage I.
    """
    _check_same_backbone(specialists, generalist)
    stages: dict[HeadKey, int] = {}
    for index, key in enumerate(specialists.keys):
        is_better = of_2.by_head.get(key, -1.0) > of_1.by_head.get(key, -1.0)
        stages[key] = 2 if is_better else 1
        if not is_better:
            _take_over(specialists.heads[index], generalist.heads[index])
    return stages


def merge_specialists(
    specialists: UnifiedNetwork, others: UnifiedNetwork, of_these: Validation, of_others: Validation
) -> Validation:
    """Put other specialists' heads in place of those that are not as good; return the scores of the best.

    Args:
        specialists: of one Stage II run, changed in place.
        others: of another run on the same generalist, with the same keys.
        of_these: validation scores of the specialists.
        of_others: of the others.

    Raises:
        ConfigurationError: the backbones differ.
    """
    _check_same_backbone(specialists, others)
    best = dict(of_these.by_head)
    for key, head, other in zip(specialists.keys, specialists.heads, others.heads, strict=True):
        if of_others.by_head.get(key, -1.0) > best.get(key, -1.0):
            head.load_state_dict(other.state_dict())
            best[key] = of_others.by_head[key]
    return Validation(best)


def prefer_real(cache: Cache, synthetic: Collection[str]) -> Cache:
    """Return a cache whose synthetic data sets have lost the labels of heads that others label, too.

    Raises:
        ConfigurationError: `synthetic` names no data set.
    """
    if unknown := set(synthetic) - {picture.data_set for picture in cache.pictures}:
        raise ConfigurationError(f"Expected `synthetic` to name data sets but got {sorted(unknown)}")
    real = {key for p in cache.pictures if p.data_set not in synthetic for key in p.labels}

    def keep(picture: CachedPicture) -> CachedPicture:
        if picture.data_set not in synthetic:
            return picture
        return replace(picture, labels={k: v for k, v in picture.labels.items() if k not in real})

    kept = [keep(picture) for picture in cache.pictures]
    return replace(cache, pictures=tuple(picture for picture in kept if picture.labels))


def _check_same_backbone(one: UnifiedNetwork, other: UnifiedNetwork) -> None:
    first, second = one.backbone.state_dict(), other.backbone.state_dict()
    is_same = one.keys == other.keys and first.keys() == second.keys()
    if not is_same or any(not torch.equal(first[name], second[name]) for name in first):
        raise ConfigurationError("Expected runs of one Stage I but their backbones or heads differ")


def _take_over(head: nn.Module, source: nn.Module) -> None:
    if isinstance(head, ClassificationHead) and head.adapter is not None:
        for weight in head.adapter.layers[-1].parameters():
            nn.init.zeros_(weight)
    result = head.load_state_dict(source.state_dict(), strict=False)
    if result.unexpected_keys or not all(name.startswith("adapter.") for name in result.missing_keys):
        raise ValueError(f"Expected a head of the same form but got {result}")


def temper(network: UnifiedNetwork, answers: Answers, cache: Cache) -> dict[HeadKey, float]:
    """Divide each classification head's logits by the temperature that fits the validation part best.

    Source: Guo et al., On calibration of modern neural networks (arXiv 1706.04599). The temperature goes into
    the last layer's weights, so that it costs nothing and no class changes.

    Args:
        network: changed in place.
        answers: of this network to `cache`.
        cache: the validation part.
    """
    temperatures: dict[HeadKey, float] = {}
    for key, head in zip(network.keys, network.heads, strict=True):
        if not isinstance(head, ClassificationHead) or key not in answers:
            continue
        logits = np.stack([said for _, said in answers[key]]).astype(np.float64)
        labels = np.array([picture.labels[key].class_index for picture, _ in answers[key]])
        temperatures[key] = fit_temperature(logits, labels)
        with torch.no_grad():
            for weight in head.last.parameters():
                weight.div_(temperatures[key])
    return temperatures


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """Return the temperature of the smallest mean negative log-likelihood, 1 / 10 to 10.

    Labels are smoothed as if each class had been seen once more: a class told apart without a fault would
    otherwise be given probabilities of 0 and 1, which a few cases do not justify and which tie in the AUC.
    Source: Platt, Probabilistic outputs for support vector machines (1999), there for two classes.

    Args:
        logits: (n, C).
        labels: (n,) true classes.
    """
    n_classes = logits.shape[1]
    smoothed = (np.eye(n_classes)[labels] * len(labels) + 1) / (len(labels) + n_classes)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-(smoothed * scaled).sum(axis=1).mean())

    bound = float(np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
