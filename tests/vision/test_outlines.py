"""Outlines of garments: traced from masks, laid out, learned from, left out again."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from tests.vision.squares import changed, quiet
from trendlab.errors import VisionError
from trendlab.steps.train import train_from_config
from trendlab.vision.coco import read_coco, write_yolo_data
from trendlab.vision.models import load_card, read_weights
from trendlab.vision.outlines import run_verb, trace
from trendlab.vision.train import without_masks


def filled(polygons: list[list[float]], rows: int, columns: int) -> np.ndarray:
    canvas = np.zeros((rows, columns), np.uint8)
    for one in polygons:
        corners = np.array(one).reshape(-1, 2) - 0.5
        cv2.fillPoly(canvas, [corners.round().astype(np.int32)], 1)
    return canvas.astype(bool)


def test_outlines_enclose_what_they_were_traced_from() -> None:
    inside = np.zeros((60, 50), bool)
    inside[10:30, 5:20] = True
    inside[35:55, 25:45] = True
    inside[2, 2] = True  # a speck
    polygons = trace(inside, 100, 200)
    assert len(polygons) == 2, "the speck is left out"
    assert len(polygons[0]) >= 6
    back = [[v - (100, 200)[at % 2] for at, v in enumerate(one)] for one in polygons]
    drawn = filled(back, 60, 50)
    inside[2, 2] = False
    assert (drawn == inside).mean() > 0.98


def test_nothing_inside_has_no_outline() -> None:
    assert trace(np.zeros((4, 4), bool), 0, 0) == []


def annotations(**more: object) -> dict[str, object]:
    box = {"id": 1, "image_id": 1, "category_id": 0, "bbox": [10, 20, 30, 40]}
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 200}],
        "annotations": [{**box, **more}],
        "categories": [{"id": 0, "name": "top"}],
    }


def lay_out(folder: Path, **more: object) -> list[float]:
    Image.new("RGB", (100, 200)).save(folder / "a.png")
    path = folder / "a.json"
    path.write_text(json.dumps(annotations(**more)))
    write_yolo_data(
        folder / "yolo", {"train": (read_coco(path), folder)}, with_outlines=True
    )
    line = (folder / "yolo" / "labels" / "train" / "1.txt").read_text().split()
    assert line[0] == "0"
    return [float(one) for one in line[1:]]


def test_an_outline_is_laid_out_in_shares_of_the_photo(tmp_path: Path) -> None:
    outline = lay_out(tmp_path, segmentation=[[10, 20, 40, 20, 40, 60]])
    assert outline == pytest.approx([0.1, 0.1, 0.4, 0.1, 0.4, 0.3])


def test_the_parts_of_an_outline_are_joined(tmp_path: Path) -> None:
    parts = [[10, 20, 20, 20, 20, 30], [30, 50, 40, 50, 40, 60]]
    outline = np.array(lay_out(tmp_path, segmentation=parts)).reshape(-1, 2)
    corners = {tuple(one) for one in (outline * (100, 200)).round().tolist()}
    assert corners == {(10, 20), (20, 20), (20, 30), (30, 50), (40, 50), (40, 60)}


@pytest.mark.parametrize(
    "given",
    [{}, {"segmentation": []}, {"segmentation": {"counts": "abc", "size": [9, 9]}}],
)
def test_a_garment_without_polygons_is_its_box(
    tmp_path: Path, given: dict[str, object]
) -> None:
    assert lay_out(tmp_path, **given) == pytest.approx(
        [0.1, 0.1, 0.4, 0.1, 0.4, 0.3, 0.1, 0.3]
    )


def test_a_line_is_no_outline(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match=r"annotations\.0\.segmentation\.0"):
        lay_out(tmp_path, segmentation=[[1, 2, 3, 4]])


def test_layers_that_make_masks_are_left_out() -> None:
    one = torch.zeros(1)
    head = "model.22."
    weights = {
        f"{head}proto.cv1.conv.weight": one,
        f"{head}proto.upsample.bias": one,
        f"{head}cv4.0.0.conv.weight": one,
        f"{head}cv2.0.0.conv.weight": one,
        "model.4.cv4.weight": one,
    }
    kept = without_masks(weights)
    assert set(kept) == {f"{head}cv2.0.0.conv.weight", "model.4.cv4.weight"}
    plain = {"model.22.cv4.weight": one}
    assert without_masks(plain) == plain


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_training_on_outlines_leaves_a_plain_detector(
    config_file: Path, tmp_path: Path, threads_kept: None
) -> None:
    for name in ("train", "val"):
        path = tmp_path / f"{name}.json"
        coco = json.loads(path.read_text())
        for one in coco["annotations"]:
            x, y, width, height = one["bbox"]
            low, right = y + height, x + width
            one["segmentation"] = [[x, y, right, y, right, low, x, low]]
        path.write_text(json.dumps(coco))
    text = config_file.read_text().replace("epochs: 2", "epochs: 1")
    config_file.write_text(text + "architecture: yolov8n-seg.yaml\n")
    assert changed(config_file).is_segmentation
    list(train_from_config(config_file, progress=quiet))
    card = load_card(tmp_path / "run" / "tiny.json")
    assert card.architecture == "yolov8n.yaml"
    assert card.training["architecture"] == "yolov8n-seg.yaml"
    assert not [key for key in read_weights(card) if "proto" in key]


def test_every_garment_of_ccp_gets_its_outline(ccp: Path, tmp_path: Path) -> None:
    told = run_verb(Namespace(data=ccp, out=tmp_path))
    assert "546 of 546 garments outlined" in told
    coco = read_coco(tmp_path / "outlines.val.coco.json")
    overlaps = []
    for one in coco["annotations"]:
        corners = np.concatenate(
            [np.array(part).reshape(-1, 2) for part in one["segmentation"]]
        )
        x, y, width, height = one["bbox"]
        (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
        inside = max(0, min(x1, x + width) - max(x0, x)) * max(
            0, min(y1, y + height) - max(y0, y)
        )
        overlaps.append(inside / (width * height))
    assert np.median(overlaps) > 0.95
