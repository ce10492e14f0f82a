"""
Pictures as PlainMamba's own evaluation on ImageNet sees them before normalisation (mmcls on mmcv 1: `imfrombytes` with
OpenCV, `Resize(size=(256, -1), backend='pillow', interpolation='bicubic')`, `CenterCrop(224)`): decoded by OpenCV, which
turns them as their EXIF orientation says and has its own formula for CMYK, then scaled by Pillow. Writes
classification.json and exif_6.png; with Debian 12's python3-opencv (4.6) and python3-pil (9.4).
"""
import hashlib, json
import cv2
import numpy as np
from PIL import Image

exif = Image.Exif()
exif[274] = 6
Image.open('../preprocess/astronaut_small.jpg').convert('RGB').save('exif_6.png', exif=exif)

cases = []
for name in ('preprocess/astronaut_small.jpg', 'preprocess/camera_gray.jpg', 'preprocess/chelsea.jpg', 'preprocess/chelsea_cmyk.jpg',
             'preprocess/coffee444.jpg', 'preprocess/coffee_exif_prog.jpg', 'pillow/orientation_6.jpg', 'pillow/ycck.jpg',
             'pillow/cmyk_without_adobe_marker.jpg', 'opencv/exif_6.png'):
    with open(f'../{name}', 'rb') as file:
        bgr = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    height, width = bgr.shape[:2]
    size = (256, int(256 * height / width)) if width < height else (int(256 * width / height), 256)
    scaled = np.array(Image.fromarray(bgr).resize(size, Image.BICUBIC))
    y, x = (max(0, int(round((side - 224) / 2.0))) for side in scaled.shape[:2])
    cut = np.ascontiguousarray(scaled[y : y + 224, x : x + 224, ::-1])
    cases.append({'input': name, 'decoded': [width, height], 'sha256': hashlib.sha256(cut.tobytes()).hexdigest()})

with open('classification.json', 'w') as file:
    json.dump(cases, file, indent=1)
    file.write('\n')
