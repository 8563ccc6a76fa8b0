from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from trendlab.errors import ModelError
from trendlab.vision.boxes import Suppression
from trendlab.vision.detect import build_network, import_ultralytics, load_detector
from trendlab.vision.images import read_photo
from trendlab.vision.models import load_card
from trendlab.vision.network import HeadAndNeck, TorchRuntime


def test_importing_ultralytics_leaves_the_process_as_it_was() -> None:
    def state() -> tuple[object, ...]:
        threads = torch.get_num_threads(), cv2.getNumThreads()
        return (*threads, os.environ.get("OMP_NUM_THREADS"), Image.open)

    before = state()
    import_ultralytics()
    assert state() == before
    assert Image.open.__module__ == "PIL.Image"
    assert os.environ["YOLO_OFFLINE"] == "1"
    assert os.environ["YOLO_AUTOINSTALL"] == "0"


def test_openvino_and_pytorch_find_the_same_garments(detector: Any, bus: Path) -> None:
    card = load_card()
    network = build_network(card)
    network.fuse(verbose=False)
    plain = TorchRuntime(HeadAndNeck(network.model, network.save), "cpu")
    canvas = detector.prepare(read_photo(bus))
    theirs = plain.run(canvas.pixels[None], with_neck=True)
    ours = detector.runtime.run(canvas.pixels[None], with_neck=True)
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        chances = 1 / (1 + np.exp(-one[:, 64:])) - 1 / (1 + np.exp(-other[:, 64:]))
        # OpenVINO multiplies in bfloat16 where the CPU can: 8 bits of mantissa
        assert np.abs(chances).max() < 0.1


def test_a_batch_gives_what_single_photos_give(detector: Any, bus: Path) -> None:
    canvas = detector.prepare(read_photo(bus))
    keep = Suppression((0.2,) * 13)
    one = detector.find([canvas], keep)[0]
    for found in detector.find([canvas] * 3, keep):
        assert found.boxes == pytest.approx(one.boxes, abs=2)
        assert found.category_ids.tolist() == one.category_ids.tolist()


def test_scores_fall_and_boxes_lie_within_the_photo(detector: Any, bus: Path) -> None:
    photo = read_photo(bus)
    low = Suppression((0.001,) * 13, is_multi_label=True)
    found = detector.find([detector.prepare(photo)], low)[0]
    assert len(found) == 300
    assert (np.diff(found.scores) <= 0).all()
    assert found.boxes.min() >= 0
    assert found.boxes[:, 2].max() <= photo.width_px
    assert found.boxes[:, 3].max() <= photo.height_px


def test_no_photos_are_no_work(detector: Any) -> None:
    assert detector.find([]) == []


def test_weights_of_another_architecture_are_refused() -> None:
    card = load_card().model_copy(update={"architecture": "yolo11n.yaml"})
    with pytest.raises(ModelError, match=r"do not fit yolo11n\.yaml"):
        build_network(card)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_asking_for_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModelError, match="sees no GPU"):
        load_detector(load_card(), "cuda")


# first by the export that is there, then from nothing
SCRIPT = """
import sys
from pathlib import Path
from trendlab.vision.detect import detect_folder, load_detector
from trendlab.vision.models import load_card
for cache in sys.argv[2:]:
    detector = load_detector(load_card(), "cpu", cache=Path(cache))
    found = list(detect_folder(Path(sys.argv[1]), detector, min_score=0.3))
    print(len(found), "torch" in sys.modules)
"""


def can_cut_the_network() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not can_cut_the_network(), reason="unshare -n is not permitted")
def test_detection_runs_with_the_network_cut(
    model_cache: Path, bus: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(bus, photos)
    # the export of the classifier that looks again
    load_detector(load_card(), "cpu", cache=model_cache)
    caches = [str(model_cache), str(tmp_path / "models")]
    ran = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", SCRIPT, str(photos), *caches],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    warm, cold = (line.split() for line in ran.stdout.splitlines())
    assert int(warm[0]) > 0
    # with an export there, torch and ultralytics are not even imported
    assert warm[1] == "False"
    assert cold == [warm[0], "True"]
