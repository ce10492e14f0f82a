"""What OpenCV 5.0 makes of the pictures in ../preprocess and ../pillow, of odd resizes, and of all levels. Writes cases.json."""
import glob
import hashlib
import json
import os

import cv2
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def rgb_sha256(bgr):
    return hashlib.sha256(np.ascontiguousarray(bgr[:, :, ::-1]).tobytes()).hexdigest()


decoded = []
for pattern in ("preprocess/*.jpg", "pillow/*.jpg", "pillow/*.png", "pillow/*.webp"):
    for path in sorted(glob.glob(os.path.join(here, "..", pattern))):
        picture = cv2.imread(path)
        if picture is not None:
            name = os.path.relpath(path, os.path.join(here, ".."))
            decoded.append(dict(input=name, width=picture.shape[1], height=picture.shape[0], sha256=rgb_sha256(picture)))

photo = cv2.imread(os.path.join(here, "../preprocess/chelsea.jpg"))
resized = []
for width, height in [(1, 1), (451, 1), (1, 300), (2, 3), (225, 150), (452, 300), (451, 299), (902, 600), (37, 500), (1000, 41)]:
    resized.append(dict(width=width, height=height, sha256=rgb_sha256(cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR))))

# mmcv's imnormalize: float32 pixels, subtract the mean, multiply by 1 / std in float64, both through OpenCV.
mean = np.float64([[123.675, 116.28, 103.53]])
std = np.float64([[58.395, 57.12, 57.375]])
levels = np.repeat(np.arange(256, dtype=np.float32).reshape(1, 256, 1), 3, axis=2).copy()
cv2.subtract(levels, mean, levels)
cv2.multiply(levels, 1 / std, levels)

with open(os.path.join(here, "cases.json"), "w") as file:
    json.dump(dict(decoded=decoded, resized=resized, levels=levels[0].astype(float).tolist()), file, indent=0)
    file.write("\n")
