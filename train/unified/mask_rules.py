"""How the masks of shipped heads are finished: decided on the validation part."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from model.decode import keep_largest
from model.header import EmptyWhen, NothingToSee
from model.network.unified import HeadKey, UnifiedNetwork
from train.unified.cache import Cache, CachedPicture
from train.unified.validate import Answers, Said, find_peaks, find_probabilities, mean_dice

PEAK_LEVELS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998)
GATE_LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class MaskRule:
    """As `model.header.LearnedHead` tells them."""

    min_peak: float = 0
    only_largest: bool = False
    empty_when: EmptyWhen | None = None

    @property
    def empties(self) -> bool:
        """Whether masks may be left empty."""
        return self.min_peak > 0 or self.empty_when is not None


def choose_mask_rules(
    network: UnifiedNetwork, answers: Answers, cache: Cache, nothing_to_see: Mapping[str, NothingToSee]
) -> dict[HeadKey, MaskRule]:
    """Return the rule of every segmentation head that has labels in the validation part.

    Where some masks are rightly empty, the rules that leave masks empty are chosen for the best mean: a mask
    that is rightly empty counts 1 and a false one 0. Elsewhere nothing could be gained by them. A head that
    never leaves a mask empty may keep the largest regions alone, where that raises the mean DSC.

    Args:
        network: as it is shipped; asked again.
        answers: of this network to `cache`.
        cache: the validation part.
        nothing_to_see: by segmentation task, the class that may empty its masks.

    Raises:
        ConfigurationError: `nothing_to_see` names a task or class that the network does not know.
    """
    rules: dict[HeadKey, MaskRule] = {}
    for key in network.keys:
        if key.kind is Kind.SEGMENTATION and key in answers:
            rule = _choose_empty(network, answers, cache, key, nothing_to_see.get(key.task_id))
            gains = [0.0] if rule.empties else [_gain(key, *answer, cache) for answer in answers[key]]
            rules[key] = rule if np.mean(gains) <= 0 else MaskRule(only_largest=True)
    if unknown := set(nothing_to_see) - {key.task_id for key in rules}:
        raise ConfigurationError(f"Expected `nothing_to_see` of segmentation tasks but got {sorted(unknown)}")
    return rules


def _choose_empty(
    network: UnifiedNetwork, answers: Answers, cache: Cache, key: HeadKey, told: NothingToSee | None
) -> MaskRule:
    truths = [np.asarray(cache.masks[picture.labels[key].mask]) for picture, _ in answers[key]]
    is_empty = np.array([not truth.any() for truth in truths])
    gate = None if told is None else _find_gate(told, network)
    if not is_empty.any():
        return MaskRule()
    said = [mask.astype(np.uint8) for _, mask in answers[key]]
    dice = np.array([mean_dice(t, s, key) for t, s in zip(truths, said, strict=True)])
    dice[is_empty] = [not s.any() for s, empty in zip(said, is_empty, strict=True) if empty]
    peaks = np.array([peak for _, peak in find_peaks(network, cache, key)])
    nothing = np.zeros(len(said))
    if told is not None and gate is not None:
        nothing = find_probabilities(network, cache, of=key, by=gate)[:, told.class_index]
    # A level of 1 is never passed: no class empties a mask.
    choices = product(PEAK_LEVELS, (1.0,) if told is None else (*GATE_LEVELS, 1.0))

    def mean(peak: float, above: float) -> float:
        return float(np.where((peaks < peak) | (nothing > above), is_empty, dice).mean())

    # Of equal ones, the choice that empties the least.
    peak, above = max(choices, key=lambda choice: (mean(*choice), -choice[0], choice[1]))
    if told is None or above == 1:
        return MaskRule(min_peak=peak)
    believed = EmptyWhen(task_id=told.task_id, class_index=told.class_index, above=above)
    return MaskRule(min_peak=peak, empty_when=believed)


def _find_gate(told: NothingToSee, network: UnifiedNetwork) -> HeadKey:
    for gate in network.keys:
        if told.is_known_to(gate.task_id, gate.kind, gate.num_classes):
            return gate
    raise ConfigurationError(
        f"Expected `nothing_to_see` to name a class but got class {told.class_index} of {told.task_id}"
    )


def _gain(key: HeadKey, picture: CachedPicture, said: Said, cache: Cache) -> float:
    mask = said.astype(np.uint8)
    truth = np.asarray(cache.masks[picture.labels[key].mask])
    return mean_dice(truth, keep_largest(mask), key) - mean_dice(truth, mask, key)
