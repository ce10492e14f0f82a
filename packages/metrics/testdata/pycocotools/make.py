"""Random polygons, masks and small evaluations, with what pycocotools 2.0.11 makes of them. Writes cases.json."""
import contextlib
import copy
import io
import json
import math
import os
import random

import numpy as np
import pycocotools.mask as M
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

rng = random.Random(20)


def polygon(width, height):
    """Stars and scribbles, some out of the image, some on whole or repeated coordinates."""
    cx, cy = rng.uniform(-5, width + 5), rng.uniform(-5, height + 5)
    radius = rng.uniform(1, min(width, height))
    star = rng.random() < 0.5
    points = []
    corners = rng.randint(3, 12)
    for corner in range(corners):
        if star:
            angle, reach = 2 * math.pi * corner / corners, radius * rng.uniform(0.3, 1)
            x, y = cx + reach * math.cos(angle), cy + reach * math.sin(angle)
        else:
            x, y = rng.uniform(-10, width + 10), rng.uniform(-10, height + 10)
        digits = rng.choice([0, 2, 2, 15])
        points += [round(x, digits), round(y, digits)]
        if rng.random() < 0.05:
            points += points[-2:]
    return points


def polygons(count):
    cases = []
    for _ in range(count):
        height, width = rng.randint(1, 60), rng.randint(1, 60)
        parts = [polygon(width, height) for _ in range(rng.choice([1, 1, 2, 3]))]
        if rng.random() < 0.1:
            parts.append(polygon(width, height)[: rng.choice([2, 4])])
        rles = M.frPyObjects(parts, height, width)
        union = M.merge(rles)
        cases.append(dict(height=height, width=width, polygons=parts, each=[r["counts"].decode() for r in rles],
                          union=union["counts"].decode(), area=int(M.area(union)), box=M.toBbox(union).tolist()))
    return cases


def runs(height, width):
    counts, left = [], height * width
    while left > 0:
        run = min(left, rng.choice([0, 1, 2, rng.randint(0, left), rng.randint(0, 2 * height)]))
        counts.append(run)
        left -= run
    return counts


def masks(count):
    cases = []
    while len(cases) < count:
        height, width = rng.randint(1, 20), rng.randint(1, 20)
        a, b = runs(height, width), runs(height, width)
        # pycocotools writes beyond its memory when runs of length 0 make a union too long, and its box of a mask
        # without foreground is an overflow.
        if len(a) + len(b) > height * width - 2 or sum(a[1::2]) == 0:
            continue
        A, B = (M.frPyObjects(dict(size=[height, width], counts=c), height, width) for c in (a, b))
        cases.append(dict(height=height, width=width, a=a, b=b, string=A["counts"].decode(),
                          union=M.merge([A, B])["counts"].decode(), area=int(M.area(A)), box=M.toBbox(A).tolist(),
                          iou=float(M.iou([A], [B], [0])[0][0]), crowdIou=float(M.iou([A], [B], [1])[0][0]),
                          pixels="".join(map(str, M.decode(A).flatten())), encoded=M.encode(M.decode(A))["counts"].decode()))
    return cases


def noisy(box):
    x, y, w, h = (round(v + rng.gauss(0, 1), 2) for v in box)
    return [x, y, abs(w), abs(h)]


def evaluation(images, categories, first_id=1, flood=0, boxes=True):
    truth = dict(images=[], annotations=[], categories=[dict(id=c, name=f"c{c}") for c in categories])
    found = []
    for index in range(images):
        width, height, image = rng.randint(30, 200), rng.randint(30, 200), 1000 - 7 * index
        truth["images"].append(dict(id=image, width=width, height=height))
        for _ in range(rng.randint(0, 5)):
            corners, category = polygon(width, height), rng.choice(categories)
            rle = M.merge(M.frPyObjects([corners], height, width))
            crowd, area = int(rng.random() < 0.15), float(M.area(rle))
            segmentation = [corners] if rng.random() < 0.5 else dict(size=[height, width], counts=rle["counts"].decode())
            truth["annotations"].append(dict(
                id=first_id + len(truth["annotations"]), image_id=image, category_id=category, iscrowd=crowd,
                bbox=M.toBbox(rle).tolist(), area=rng.choice([1024.0, 9216.0]) if rng.random() < 0.1 else area,
                segmentation=segmentation))
            for _ in range(rng.choice([0, 1, 1, 2, 3])):
                spread = rng.choice([0, 1, 5])
                moved = M.merge(M.frPyObjects([[v + rng.gauss(0, spread) for v in corners]], height, width))
                found.append(dict(
                    image_id=image, category_id=category if rng.random() < 0.9 else rng.choice(categories),
                    bbox=noisy(M.toBbox(moved).tolist()), score=rng.choice([round(rng.random(), 1), rng.random()]),
                    segmentation=dict(size=[height, width], counts=moved["counts"].decode())))
        for _ in range(flood):
            found.append(dict(
                image_id=image, category_id=categories[0], score=round(rng.random(), 2),
                bbox=[rng.randint(0, width // 2), rng.randint(0, height // 2), rng.randint(1, width), rng.randint(1, height)],
                segmentation=dict(size=[height, width], counts=M.merge(M.frPyObjects([polygon(width, height)], height, width))["counts"].decode())))
    rng.shuffle(found)
    if not boxes:
        for detection in found:
            del detection["bbox"]
    return dict(truth=truth, detections=found, expected={kind: evaluate(truth, found, kind) for kind in ("bbox", "segm")})


def evaluate(truth, found, kind):
    truth, found = copy.deepcopy(truth), copy.deepcopy(found)
    if kind == "segm":  # as mmdet and detectron2 do, so that sizes are those of the masks
        for detection in found:
            detection.pop("bbox", None)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(found), kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
    names = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split()
    result = dict(zip(names, map(float, run.stats)))
    result["per_category_AP"] = {}
    for k, category in enumerate(run.params.catIds):
        values = run.eval["precision"][:, :, k, 0, -1]
        values = values[values > -1]
        result["per_category_AP"][str(category)] = float(np.mean(values)) if values.size else -1
    return result


cases = dict(polygons=polygons(150), masks=masks(150), evaluations=[
    evaluation(12, [3, 1, 90]), evaluation(6, [2]), evaluation(3, [5, 4], flood=130), evaluation(8, [1, 7], first_id=0), evaluation(8, [6, 5], boxes=False)])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.json"), "w") as file:
    json.dump(cases, file)
