"""The bootstrap against a loop over scikit-learn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from evaluation.bench.ratio import summarise, time_once
from evaluation.contract.bench import Ratio
from evaluation.metrics.auc import auc_binary
from evaluation.metrics.classification import confusion_matrix, f1_macro, mcc
from evaluation.statistics.resampling import draw_weights, group_units

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class _Answers:
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    n_resamples: int

    @property
    def predicted(self) -> NDArray[np.int64]:
        return (self.scores > 0.5).astype(np.int64)


def measure_resampling(
    progress: Callable[[int], None], *, n_cases: int = 2479, n_resamples: int = 1000, n_repeats: int = 3
) -> Iterator[Ratio]:
    """Time resampled AUC, and F1 with MCC; with drawing, and with weights given."""
    rng = np.random.default_rng(25)
    labels = (rng.random(n_cases) < 0.3).astype(np.int64)
    answers = _Answers(labels, 1 / (1 + np.exp(-rng.normal(1.5 * labels - 0.7, 1.0))), n_resamples)
    names = (("AUC", _loop_auc, _our_auc, 10.0, 20.0), ("F1 + MCC", _loop_f1_mcc, _our_f1_mcc, 25.0, 500.0))
    for number, (name, loop, ours, drawn, given) in enumerate(names):
        plain_s, drawn_s, given_s = [], [], []
        for _ in range(n_repeats):
            weights = _draw(answers)
            plain_s.append(time_once(lambda: loop(answers)))  # noqa: B023 - called at once
            drawn_s.append(time_once(lambda: ours(answers, _draw(answers))))  # noqa: B023
            given_s.append(time_once(lambda: ours(answers, weights)))  # noqa: B023
        title = f"bootstrap of {name} / scikit-learn loop"
        yield summarise(title, "drawing included", plain_s, drawn_s, drawn)
        yield summarise(title, "weights given", plain_s, given_s, given)
        progress(number + 1)


def _draw(answers: _Answers) -> list[Weights]:
    n_cases = len(answers.labels)
    units = group_units(unit_keys=[str(k) for k in range(n_cases)], task_ids=["task"] * n_cases)
    chunks = draw_weights(units, n_resamples=answers.n_resamples, seed=0)
    return [chunk[:, units.unit_of_case] for chunk in chunks]


def _our_auc(answers: _Answers, weights: list[Weights]) -> None:
    for chunk in weights:
        auc_binary(labels=answers.labels, scores=answers.scores, weights=chunk)


def _our_f1_mcc(answers: _Answers, weights: list[Weights]) -> None:
    for chunk in weights:
        confusion = confusion_matrix(
            labels=answers.labels, predicted=answers.predicted, num_classes=2, weights=chunk
        )
        f1_macro(confusion)
        mcc(confusion)


def _loop_auc(answers: _Answers) -> None:
    for chosen in _resamples(answers):
        roc_auc_score(answers.labels[chosen], answers.scores[chosen])


def _loop_f1_mcc(answers: _Answers) -> None:
    predicted = answers.predicted
    for chosen in _resamples(answers):
        f1_score(answers.labels[chosen], predicted[chosen], average="macro")
        matthews_corrcoef(answers.labels[chosen], predicted[chosen])


def _resamples(answers: _Answers) -> Iterator[NDArray[np.int64]]:
    rng, n_cases = np.random.default_rng(0), len(answers.labels)
    for _ in range(answers.n_resamples):
        yield rng.integers(0, n_cases, n_cases)
