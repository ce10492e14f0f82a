"""Writes expected.json and ties.json with pycocotools 2.0.11. Run: python3 make.py"""
import contextlib
import io
import json
import pathlib

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

here = pathlib.Path(__file__).parent
names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def score(truth, detections, kind, boxes=True):
    """boxes: whether pycocotools sees the detections' boxes, and so takes their areas"""
    if not boxes:
        detections = [{k: v for k, v in entry.items() if k != "bbox"} for entry in detections]
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = truth
        gt.createIndex()
        evaluation = COCOeval(gt, gt.loadRes(detections), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(names, map(float, evaluation.stats)))


def read(path):
    return json.loads((here / path).read_text())


def all_of(truth, detections):
    return {
        "bbox": score(read(truth), read(detections), "bbox"),
        "segm": score(read(truth), read(detections), "segm", boxes=False),
        "segm, box area": score(read(truth), read(detections), "segm"),
    }


# Equal scores in two images, right in "9" and wrong in "10": as texts "10" comes first, as numbers 9.
def ties(ids):
    boxes = {ids[0]: [0, 0, 10, 10], ids[1]: [50, 50, 10, 10]}
    return {
        "truth": {
            "images": [{"id": image, "width": 100, "height": 100} for image in ids],
            "annotations": [
                {"id": i + 1, "image_id": image, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}
                for i, image in enumerate(ids)
            ],
            "categories": [{"id": 1, "name": "a"}],
        },
        "detections": [
            {"image_id": image, "category_id": 1, "bbox": box, "score": 0.5} for image, box in boxes.items()
        ],
    }


cases = [ties(["9", "10"]), ties([9, 10])]
for case in cases:
    given = json.loads(json.dumps(case))
    case["expected"] = score(given["truth"], given["detections"], "bbox")
(here / "ties.json").write_text(json.dumps(cases) + "\n")
expected = {
    "text ids": all_of("gt.json", "detections.json"),
    "coco": all_of("../coco/gt.json", "../coco/detections.json"),
}
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
