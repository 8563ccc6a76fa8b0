"""`trendlab evaluate detector` over files: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import json

import pytest
from PIL import Image

from tests.vision.annotated import coco, found, write
from trendlab.errors import ModelError, SettingsError, VisionError
from trendlab.settings import read_settings
from trendlab.steps.evaluate import evaluate_detector

HERE = [10.0, 10.0, 100.0, 100.0]
THERE = [300.0, 300.0, 100.0, 100.0]


def no_progress(step, done, total):
    assert done <= total


def evaluate(tmp_path, annotations, results, **more):
    detections = write(tmp_path / "found.json", results)
    return list(
        evaluate_detector(
            read_settings(tmp_path / "home"),
            write(tmp_path / "val.json", annotations),
            None,
            detections=detections,
            progress=no_progress,
            **{"is_carded": False, **more},
        )
    )


def test_detections_of_another_model_are_measured_and_written(tmp_path):
    truth = coco((1, "bag", HERE), (1, "boots", THERE), (2, "footwear", HERE))
    results = [
        found(1, "bag", HERE, 0.9),
        found(1, "footwear", THERE, 0.8),
        found(2, "footwear", HERE, 0.7),
        {**found(2, "bag", HERE, 0.7), "image_id": 99},
    ]
    out = tmp_path / "measured"
    lines = evaluate(tmp_path, truth, results, out=out)
    assert lines[0] == "1 results of other photos left out"
    assert "flattering" in lines[1]
    assert "| boots+footwear, as one | 2 | 1.000 " in lines[2]

    figures = json.loads((out / "evaluation.json").read_text())
    assert figures["classes"]["bag"]["ap50_voc"] == 1
    assert figures["classes"]["boots"]["ap50_voc"] == 0
    assert figures["merged"]["ap50_voc"] == 1
    rows = list(csv.reader((out / "confusion.csv").read_text().splitlines()))
    assert rows[2] == ["boots", "0", "0", "1", "0"]
    with Image.open(out / "precision_recall.png") as curves:
        assert min(curves.size) > 300
    assert (out / "evaluation.md").read_text().strip() == lines[2]
    # what was measured can be measured again, to the same figures
    again = tmp_path / "again"
    list(
        evaluate_detector(
            read_settings(tmp_path / "home"),
            tmp_path / "val.json",
            None,
            detections=out / "detections.json",
            is_carded=False,
            out=again,
            progress=no_progress,
        )
    )
    fresh = json.loads((again / "evaluation.json").read_text())
    assert {**fresh, "model": ""} == {**figures, "model": ""}


def test_nothing_found_is_a_result(tmp_path):
    lines = evaluate(tmp_path, coco((1, "bag", HERE)), [], out=tmp_path / "measured")
    assert "DOES NOT BEAT" in lines[1]
    assert (tmp_path / "measured" / "precision_recall.png").is_file()


def test_results_of_other_photos_only_are_an_error(tmp_path):
    stray = [{**found(1, "bag", HERE, 0.9), "image_id": 99}]
    with pytest.raises(VisionError, match="none of 1 results is of a photo"):
        evaluate(tmp_path, coco((1, "bag", HERE)), stray)


def test_thresholds_of_a_card_with_other_classes_are_refused(tmp_path):
    with pytest.raises(VisionError, match="expected the classes of garments"):
        evaluate(tmp_path, coco((1, "bag", HERE)), [], is_carded=True)


@pytest.mark.parametrize("images", [None, "nowhere"])
def test_photos_or_detections_are_needed(tmp_path, images):
    path = write(tmp_path / "val.json", coco((1, "bag", HERE)))
    folder = None if images is None else tmp_path / images
    with pytest.raises(SettingsError, match="--images"):
        list(
            evaluate_detector(
                read_settings(tmp_path), path, folder, progress=no_progress
            )
        )


def test_a_detector_for_other_classes_is_refused_before_it_is_loaded(tmp_path):
    path = write(tmp_path / "val.json", coco((1, "bag", HERE)))
    with pytest.raises(ModelError, match="expected the classes"):
        list(
            evaluate_detector(
                read_settings(tmp_path), path, tmp_path, progress=no_progress
            )
        )
