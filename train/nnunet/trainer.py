"""nnU-Net's trainer with a budget instead of 1,000 epochs.

Kept from the stock trainer: network, loss with deep supervision, SGD with Nesterov momentum 0.99,
augmentation, foreground oversampling, gradient clipping, the polynomial decay of the learning rate, the final
checkpoint's format. Changed: the learning rate decays by the share of the budget that is spent, at every
iteration, so that it reaches zero when the budget ends; no validation between epochs (it would cost budget
and choose nothing: the stock predictor uses the final weights); batches are prepared in this process (15 ms
an image, beside about 1 s of CPU for its gradient); on a CPU the network runs under bfloat16 autocast, which
took half the time where it was measured, as stock nnU-Net runs it under float16 on a GPU; the loss stays in
float32.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import (  # type: ignore[import-untyped] # no type hints
    nnUNetTrainer,
)
from torch import Tensor

from train.nnunet.clock import Budget
from train.nnunet.plan import CONFIGURATION, Planned

FOLD = 0
"""Our split, the only one in ``splits_final.json``."""

Report = Callable[[float], None]
"""Called with the share of the budget that is spent."""


@dataclass(frozen=True)
class Trained:
    """What a training came to."""

    folder: Path
    """nnU-Net's model folder: ``plans.json``, ``dataset.json`` and ``fold_0/checkpoint_final.pth``."""
    n_iterations: int
    n_parameters: int
    spent_s: float
    """By the budget's clock."""
    losses: tuple[float, ...]
    """The training loss of every iteration."""


class BudgetTrainer(nnUNetTrainer):  # type: ignore[misc] # the stock class has no type hints
    """The stock trainer, run until a budget is spent."""

    def train_within(self, budget: Budget, report: Report) -> Trained:
        """Train and write the final checkpoint; no iteration begins that would probably exceed the budget.

        At least one iteration is done, whatever the budget.
        """
        began = budget.clock()
        self.on_train_start()
        self.network.train()
        losses: list[float] = []
        spent = longest = 0.0
        while not losses or spent + longest <= budget.seconds:
            self.lr_scheduler.step(self.num_epochs * min(spent / budget.seconds, 1.0))
            losses.append(float(self.train_step(next(self.dataloader_train))["loss"]))
            now = budget.clock() - began
            # The first iteration also warms up; it says nothing of the next one's length.
            longest = 0.0 if len(losses) == 1 else max(longest, now - spent)
            spent = now
            report(min(spent / budget.seconds, 1.0))
        self.current_epoch = self.num_epochs
        self.on_train_end()
        return Trained(
            folder=Path(self.output_folder_base),
            n_iterations=len(losses),
            n_parameters=sum(parameter.numel() for parameter in self.network.parameters()),
            spent_s=spent,
            losses=tuple(losses),
        )

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the stock step, on a CPU under bfloat16 autocast."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.device.type == "cpu"):
            done: dict[str, Any] = super().train_step(batch)
        return done

    def plot_network_architecture(self) -> None:
        """Draw nothing: the stock method needs a package that nobody maintains, and complains without it."""

    def _build_loss(self) -> Callable[[list[Tensor], list[Tensor]], Tensor]:
        stock: Callable[[list[Tensor], list[Tensor]], Tensor] = super()._build_loss()
        if self.device.type != "cpu":
            return stock

        def loss(outputs: list[Tensor], targets: list[Tensor]) -> Tensor:
            with torch.autocast("cpu", enabled=False):
                return stock([output.float() for output in outputs], targets)

        return loss


# Checkpoints carry the class's name, and nnU-Net looks any name but its own up by importing every trainer
# variant, of which some need packages that are absent. The network and its inference are the stock ones.
BudgetTrainer.__name__ = nnUNetTrainer.__name__


def train_within(
    planned: Planned, budget: Budget, *, device: str, threads: int, seed: int, report: Report
) -> Trained:
    """Train the planned 2D configuration; call inside `nnunet_environment` with no augmenters.

    Args:
        planned: of `plan_and_preprocess`.
        budget: of training alone: data loading, augmentation, network.
        device: ``cpu`` or ``cuda``.
        threads: of torch.
        seed: of weights, batches and augmentation. The number of iterations depends on the machine's speed,
            so two runs are alike, not identical.
        report: told how much of the budget is spent.
    """
    # nnU-Net draws from numpy's global generator, so that is the one to seed.
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    plans = planned.plans | {"continue_training": False}
    trainer = BudgetTrainer(plans, CONFIGURATION, FOLD, planned.dataset_json, torch.device(device))
    return trainer.train_within(budget, report)
