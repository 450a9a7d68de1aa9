"""A small vision transformer over the map at 1/16.

Source: Dosovitskiy et al. (arXiv 2010.11929), as TransUNet uses it on a convolutional map (arXiv 2102.04306).
"""

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn


class VisionTransformer(nn.Module):
    """Tokens are the cells of a square map; the map comes back in the same shape."""

    def __init__(self, n_in: int, *, width: int, depth: int, n_heads: int, mlp_width: int, grid: int) -> None:
        """Make the transformer.

        Args:
            n_in: channels of the map.
            width: of a token.
            depth: number of layers.
            n_heads: divides `width`.
            mlp_width: hidden width of a layer's perceptron.
            grid: cells along a side; another size gets interpolated position embeddings.
        """
        super().__init__()
        self.embed = nn.Conv2d(n_in, width, 1)
        self.position = nn.Parameter(torch.zeros(1, width, grid, grid))
        nn.init.trunc_normal_(self.position, std=0.02)
        self.layers = nn.ModuleList(_Layer(width, n_heads, mlp_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, h, w) from (B, n_in, h, w)."""
        x = self.embed(x)
        height, width = x.shape[-2:]
        position: Tensor = self.position
        if position.shape[-2:] != (height, width):
            position = F.interpolate(position, (height, width), mode="bilinear", align_corners=False)
        tokens: Tensor = (x + position).flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens)
        tokens = self.norm(tokens)
        return tokens.transpose(1, 2).reshape(x.shape)


class _Layer(nn.Module):
    def __init__(self, width: int, n_heads: int, mlp_width: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm_1 = nn.LayerNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, mlp_width), nn.GELU(), nn.Linear(mlp_width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        batch, length, width = tokens.shape
        qkv = self.qkv(self.norm_1(tokens)).reshape(batch, length, 3, self.n_heads, width // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        result: Tensor = tokens + self.mlp(self.norm_2(tokens))
        return result
