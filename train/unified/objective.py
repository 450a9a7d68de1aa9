"""Network and losses as one module, so that a distributed run wraps both."""

import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn

from evaluation.contract.task import Kind
from model.network.backbone import Features
from model.network.unified import UnifiedNetwork
from train.unified.batches import Batch, Target
from train.unified.config import LossConfig
from train.unified.losses import box_loss, dice_loss, place_loss


class Objective(nn.Module):
    """From a batch to its loss."""

    def __init__(self, network: UnifiedNetwork, weights: LossConfig) -> None:
        """Wrap a network."""
        super().__init__()
        self.network = network
        self.weights = weights

    def forward(self, batch: Batch) -> dict[Kind, Tensor]:
        """Return the mean loss of each kind that the batch has labels of, unweighted."""
        features = self.network.encode(batch.images)
        losses: dict[Kind, list[Tensor]] = {}
        for target in batch.targets:
            kind = self.network.keys[target.head].kind
            losses.setdefault(kind, []).append(self._lose(kind, target, features))
        return {kind: sum(of, start=of[0].new_zeros(())) / len(of) for kind, of in losses.items()}

    def combine(self, losses: dict[Kind, Tensor]) -> Tensor:
        """Return the weighted sum over kinds."""
        total: Tensor = sum(getattr(self.weights, kind.value) * loss for kind, loss in losses.items())
        return total

    def _lose(self, kind: Kind, target: Target, features: Features) -> Tensor:
        picked = Features(*(part[target.rows] for part in features))
        answer = self.network.answer(target.head, picked).float()
        match kind:
            case Kind.SEGMENTATION:
                if answer.shape[-2:] != target.value.shape[-2:]:  # A backbone that decodes to full size.
                    size = target.value.shape[-2:]
                    answer = F.interpolate(answer, size, mode="bilinear", align_corners=False)
                pixels = F.cross_entropy(answer, target.value)
                return dice_loss(answer, target.value) + self.weights.cross_entropy * pixels
            case Kind.CLASSIFICATION:
                return F.cross_entropy(answer, target.value, label_smoothing=self.weights.label_smoothing)
            case Kind.DETECTION:
                return box_loss(answer, target.value, target.valid, l1=self.weights.box_l1)
            case Kind.REGRESSION:
                return place_loss(answer, target.value, target.valid)
