"""Writes torch.json with PyTorch (see NOTE.md). Run: python3 make-torch.py"""
import json
import pathlib

import torch
from torch.nn import functional

torch.manual_seed(2)


def resized(rows, columns, height, width):
    """Two channels; the values are halves of small integers, exact in any format."""
    channels = 2
    embedding = torch.randint(-64, 65, (1, channels, rows, columns), dtype=torch.float64) / 2
    out = functional.interpolate(embedding, size=(height, width), mode="bicubic", align_corners=False)
    tokens = lambda grid: grid[0].permute(1, 2, 0).flatten().tolist()
    return {"from": [rows, columns], "to": [height, width], "embedding": tokens(embedding), "resized": tokens(out)}


x = torch.tensor([-7, -6.1, -5, -4.5, -3.2, -3, -2.5, -1, -0.1, -1e-9, 0, 1e-9, 0.3, 1, 2, 2.9, 3.1, 4, 6, 8, 30], dtype=torch.float64)
json.dump(
    {
        "bicubic": [resized(*shape) for shape in [(4, 4, 7, 6), (4, 4, 3, 2), (3, 5, 6, 4), (1, 4, 3, 9), (5, 1, 5, 2), (14, 14, 15, 13)]],
        "erf": {"x": x.tolist(), "y": torch.erf(x).tolist()},
        "gelu": {"x": x.tolist(), "y": functional.gelu(x).tolist()},
    },
    open(pathlib.Path(__file__).parent / "torch.json", "w"),
)
