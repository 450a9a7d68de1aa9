"""Training spends its budget, not more, and its learning rate ends with it."""

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from train.nnunet import clock
from train.nnunet.clock import Budget
from train.nnunet.trainer import BudgetTrainer


class ToyTrainer(BudgetTrainer):
    """The loop of the real trainer around steps of a known length on a clock of its own."""

    def __init__(self, step_s: float) -> None:
        self.now_s = 100.0
        self.step_s = step_s
        self.rates: list[float] = []
        self.num_epochs = 1000
        self.output_folder_base = "model"
        self.network = torch.nn.Linear(2, 1)
        self.lr_scheduler = SimpleNamespace(step=lambda epoch: self.rates.append(1 - epoch / 1000))
        self.ended = False

    def on_train_start(self) -> None:
        self.dataloader_train: Iterator[dict[str, Any]] = itertools.repeat({})

    def on_train_end(self) -> None:
        self.ended = True

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        self.now_s += self.step_s
        return {"loss": self.now_s}


def run(monkeypatch: pytest.MonkeyPatch, *, step_s: float, budget_s: float) -> tuple[ToyTrainer, Any]:
    trainer = ToyTrainer(step_s)
    monkeypatch.setattr(clock, "cpu_seconds", lambda: trainer.now_s)
    shares: list[float] = []
    trained = trainer.train_within(Budget(seconds=budget_s, clock_name="cpu"), shares.append)
    assert shares == sorted(shares)
    return trainer, trained


def test_the_budget_is_spent_and_not_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, trained = run(monkeypatch, step_s=3.0, budget_s=100.0)
    assert (trained.n_iterations, trained.spent_s) == (33, 99.0)
    assert trainer.ended


def test_the_learning_rate_falls_from_all_to_none_over_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = run(monkeypatch, step_s=1.0, budget_s=100.0)
    assert trainer.rates[0] == 1.0
    assert trainer.rates == sorted(trainer.rates, reverse=True)
    assert trainer.rates[-1] == pytest.approx(0.01)


def test_even_a_budget_below_one_iteration_gives_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    _, trained = run(monkeypatch, step_s=50.0, budget_s=1.0)
    assert trained.n_iterations == 1


def test_checkpoints_carry_the_stock_trainers_name() -> None:
    assert BudgetTrainer.__name__ == "nnUNetTrainer"
