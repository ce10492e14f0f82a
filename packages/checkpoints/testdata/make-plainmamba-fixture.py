"""Writes mm-zip.pth, what mmcv's save_checkpoint leaves, with a real PyTorch (see NOTE.md)."""
import collections
import pathlib
import time

import torch
from torch import nn

torch.manual_seed(3)


class Mixer(nn.Module):
    """Parameters of one mixer, width 8, inner width 16, dt rank 1, state size 4; it computes nothing."""

    def __init__(self):
        super().__init__()
        self.A_log = nn.Parameter(torch.randn(16, 4))
        self.D = nn.Parameter(torch.randn(16))
        self.direction_Bs = nn.Parameter(torch.randn(5, 4))
        self.in_proj = nn.Linear(8, 32)
        self.conv2d = nn.Conv2d(16, 16, 3, groups=16)
        self.x_proj = nn.Linear(16, 9, bias=False)
        self.dt_proj = nn.Linear(1, 16)
        self.out_proj = nn.Linear(16, 8)


class Layer(nn.Module):
    def __init__(self, depthwise):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.mamba = Mixer()
        if depthwise:
            self.dw = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8, bias=False), nn.BatchNorm2d(8), nn.GELU())


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 7, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.convs = nn.Sequential(*[
            layer for _ in range(2) for layer in (nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        ])
        self.projection = nn.Conv2d(4, 8, 2)


class Backbone(nn.Module):
    """A 4x4 grid of cells of 4 pixels, 2 layers, the second with a depthwise convolution."""

    def __init__(self):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.randn(1, 16, 8))
        self.patch_embed = PatchEmbed()
        self.layers = nn.ModuleList([Layer(False), Layer(True)])
        self.ln1 = nn.LayerNorm(8)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.head = nn.Module()
        self.head.fc = nn.Linear(8, 5)


model = Classifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
sum(parameter.square().sum() for parameter in model.parameters()).backward()
optimizer.step()
state = collections.OrderedDict((name, value.cpu()) for name, value in model.state_dict().items())
state._metadata = model.state_dict()._metadata
torch.save(
    {
        "meta": {
            "mmcv_version": "1.7.1",
            "time": time.asctime(time.gmtime(0)),
            "config": "model = dict(\n    type='ImageClassifier')\n",
            "seed": 0,
            "epoch": 300,
            "iter": 375300,
            "hook_msgs": {"best_score": 77.9, "best_ckpt": "best.pth"},
            "CLASSES": ("tench", "goldfish"),
            "env_info": {"CUDA available": True, "GPU 0,1": "none"},
        },
        "state_dict": state,
        "optimizer": optimizer.state_dict(),
    },
    pathlib.Path(__file__).parent / "mm-zip.pth",
)
