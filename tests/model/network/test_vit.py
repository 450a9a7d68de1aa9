"""The transformer against torch's own layer."""

import pytest
import torch
from torch import nn

from model.network.vit import VisionTransformer


def make_vit(grid: int = 4) -> VisionTransformer:
    """Return a transformer of one layer with random weights."""
    torch.manual_seed(2)
    vit = VisionTransformer(6, width=24, depth=1, n_heads=3, mlp_width=48, grid=grid)
    for parameter in vit.parameters():
        nn.init.normal_(parameter, std=0.3)
    return vit.eval()


def test_layer_gives_what_torchs_encoder_layer_gives() -> None:
    layer = make_vit().layers[0]
    theirs = nn.TransformerEncoderLayer(
        24, 3, 48, dropout=0, activation="gelu", layer_norm_eps=1e-6, batch_first=True, norm_first=True
    ).eval()
    names = {
        "self_attn.in_proj_": "qkv.",
        "self_attn.out_proj.": "out.",
        "linear1.": "mlp.0.",
        "linear2.": "mlp.2.",
        "norm1.": "norm_1.",
        "norm2.": "norm_2.",
    }
    own = layer.state_dict()
    theirs.load_state_dict(
        {
            theirs_name + part: own[name + part]
            for theirs_name, name in names.items()
            for part in ("weight", "bias")
        }
    )
    tokens = torch.randn(2, 5, 24)
    torch.testing.assert_close(layer(tokens), theirs(tokens), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("side", [2, 4, 7])
def test_map_comes_back_at_its_resolution(side: int) -> None:
    assert make_vit()(torch.randn(2, 6, side, side)).shape == (2, 24, side, side)


def test_another_grid_interpolates_the_positions() -> None:
    vit = make_vit()
    with torch.no_grad():
        vit.position.copy_(torch.full_like(vit.position, 0.7))
    same_everywhere = torch.randn(1, 6, 1, 1).expand(-1, -1, 4, 4)
    at_four, at_six = vit(same_everywhere), vit(torch.nn.functional.interpolate(same_everywhere, (6, 6)))
    torch.testing.assert_close(at_six[..., :1, :1], at_four[..., :1, :1], rtol=1e-4, atol=1e-4)


def test_cells_are_told_apart_by_their_place() -> None:
    out = make_vit()(torch.zeros(1, 6, 4, 4))
    assert not torch.allclose(out[..., 0, 0], out[..., 3, 3])
