"""What a specialist's run leaves behind for the comparison."""

from typing import Literal

from evaluation.contract.record import Record


class TrainingRecord(Record):
    """How the specialist was planned and trained."""

    n_train: int
    n_val: int
    side_px: int | None
    """Images were squashed to this width and height; null at full resolution."""
    patch_hw: tuple[int, int]
    batch_size: int
    planned_batch_size: int
    """What nnU-Net's planner chose."""
    n_parameters: int
    budget_s: float
    budget_clock: Literal["cpu", "wall"]
    spent_s: float
    """Of the budget, by its clock: data loading, augmentation and network."""
    prepare_cpu_s: float
    """CPU seconds of export, planning and preprocessing, which the budget does not cover."""
    train_cpu_s: float
    train_wall_s: float
    n_iterations: int
    n_epochs: float
    """Images seen over images there are; nnU-Net itself calls 250 iterations an epoch."""
    final_loss: float
    """Mean of the last 20 iterations."""
    seed: int
    threads: int


class PredictionRecord(Record):
    """What predicting cost; times are of the wall clock."""

    n_images: int
    n_failed: int
    tta: bool
    threads: int
    process_s: float
    """A fresh process from its start to its end, imports included."""
    process_cpu_s: float
    total_s: float
    """Of that process, from loading the model to the last mask."""
    network_s: float
    """The network alone."""
    process_s_per_image: float
    network_s_per_image: float


class SpecialistRecord(Record):
    """``nnunet.json``: one specialist's training and prediction."""

    format_version: Literal[1] = 1
    task_id: str
    protocol: str
    device: str
    model: str
    """nnU-Net's model folder, relative to the record's; empty where only predictions are."""
    training: TrainingRecord
    prediction: PredictionRecord
    code_revision: str | None
    versions: dict[str, str]
    """Of Python and the packages that matter."""

    def to_json(self) -> bytes:
        """Return the record as the text of its file."""
        return (self.model_dump_json(indent=1) + "\n").encode()
