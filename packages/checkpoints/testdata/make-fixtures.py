"""Writes the .pth fixtures of this folder with a real PyTorch (see NOTE.md). Run: python3 make-fixtures.py"""
import argparse
import collections
import json
import os
import pathlib
import pickle

import torch
from torch import nn

torch.manual_seed(1)
here = pathlib.Path(__file__).parent


def save(value, name):
    """Both formats of torch.save."""
    torch.save(value, here / f"{name}-zip.pth")
    torch.save(value, here / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)


class Mixer(nn.Module):
    """Parameters of one Vim mixer, width 8, inner width 16, dt rank 1, state size 4; it computes nothing."""

    def __init__(self):
        super().__init__()
        self.in_proj = nn.Linear(8, 32, bias=False)
        self.out_proj = nn.Linear(16, 8, bias=False)
        for suffix, state, skip in (("", "A_log", "D"), ("_b", "A_b_log", "D_b")):
            self.add_module(f"conv1d{suffix}", nn.Conv1d(16, 16, 4, groups=16))
            self.add_module(f"x_proj{suffix}", nn.Linear(16, 9, bias=False))
            self.add_module(f"dt_proj{suffix}", nn.Linear(1, 16))
            self.register_parameter(state, nn.Parameter(torch.randn(16, 4)))
            self.register_parameter(skip, nn.Parameter(torch.randn(16)))


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mixer = Mixer()
        self.norm = Norm()


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, 8, 2, stride=2)


class Vim(nn.Module):
    """8x8 pixels, 3 channels, patch 2, 16 patches, depth 2, 5 classes."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, 8))
        self.pos_embed = nn.Parameter(torch.randn(1, 17, 8))
        self.patch_embed = PatchEmbed()
        self.layers = nn.ModuleList([Block(), Block()])
        self.norm_f = Norm()
        self.head = nn.Linear(8, 5)


model = Vim()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
sum(parameter.square().sum() for parameter in model.parameters()).backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
save(
    {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(),
        "epoch": 3,
        "model_ema": {name: value * 0.5 for name, value in model.state_dict().items()},
        "scaler": "none",
        "args": argparse.Namespace(
            model="vim",
            lr=5e-6,
            output_dir=pathlib.Path("output"),
            device=torch.device("cpu"),
            dtype=torch.float32,
            seen={1, 2, 3},
            blob=b"\x00\xff",
        ),
    },
    "trainer",
)

# What a trainer may leave beside and inside a state dict.
extras = collections.OrderedDict(("model." + name, value) for name, value in model.state_dict().items())
extras["model.bn.num_batches_tracked"] = torch.tensor(7)
extras["model.head_dist.weight"] = torch.randn(5, 8)
extras["criterion.weight"] = torch.ones(3)
torch.save(extras, here / "prefixed-zip.pth")

# Every way in which a tensor can lie in a storage. Values are exact in all types.
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
marked = torch.tensor([1.0, 2.0])
marked.note = "an attribute"
tensors = {
    "f64": base.double() / 8,
    "f32": base / 8,
    "f16": (base / 8 - 1).half(),
    "bf16": (base / 8 - 1).bfloat16(),
    "transposed": base.t(),
    "stepped": base[::2, 1:6:2],
    "offset": base[2:, :],
    "f16_transposed": (base / 4).half().t(),
    "expanded": torch.tensor([3.0, 4.0]).expand(3, 2),
    "permuted": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).permute(2, 0, 1),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
    "parameter": nn.Parameter(torch.tensor([1.5, -2.5])),
    "attribute": marked,
    "special_f16": torch.tensor([65504.0, 6e-8, -0.0]).half(),
}
integers = {"i64": torch.tensor(3), "i32": torch.arange(3, dtype=torch.int32), "bool": torch.tensor([True, False])}
save({**tensors, **integers}, "layouts")
expected = {
    name: {"shape": list(value.shape), "data": value.detach().float().contiguous().flatten().tolist()}
    for name, value in tensors.items()
}
(here / "layouts.json").write_text(json.dumps(expected) + "\n")

# A whole module instead of its state dict.
torch.save(Norm(), here / "module-zip.pth")


class Attack:
    """What a hostile file asks for: harmless here, but a call all the same."""

    def __reduce__(self):
        return os.system, ("exit 0",)


save({"model": collections.OrderedDict(cls_token=torch.zeros(1, 1, 8)), "epoch": Attack()}, "attack")
for protocol in (0, 2, 4):
    (here / f"attack-pickle-{protocol}.pth").write_bytes(pickle.dumps(Attack(), protocol=protocol))
