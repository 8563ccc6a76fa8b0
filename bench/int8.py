"""Is the detector in 8-bit integers as good, and faster? It does not ship so.

    python -m bench.int8 --data CCP

Static quantisation by ONNX Runtime: 8-bit weights a channel, 8-bit activations whose
ranges 60 training photos give; the last convolution of each branch stays as it was, for
its errors are errors of boxes. Both are run on val photos, which have no part in it:
the loss of AP50 with an interval by resampling photos, the same ones for both, and
processor time a photo, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.vision.boxes import Canvas, Suppression
from trendlab.vision.coco import read_coco
from trendlab.vision.detect import YoloDetector, build_network, load_card, load_detector
from trendlab.vision.evaluate import evaluate_detections
from trendlab.vision.folders import MEASURING_COUNT, MEASURING_FLOOR
from trendlab.vision.images import Pixels, read_photo
from trendlab.vision.network import HeadAndNeck
from trendlab.vision.precision import match_voc, voc_ap
from trendlab.vision.runtime import HEAD_MAPS_COUNT, Floats

# Training photos that the ranges are taken from, evenly over the set.
CALIBRATION_PHOTOS = 60
RESAMPLES = 1000
SPEED_PHOTOS, SPEED_ROUNDS = 12, 5
# Loss of AP50 from which 8 bits are not worth their speed.
MAX_LOSS = 0.01
MAPS = [f"map{number}" for number in range(2 * HEAD_MAPS_COUNT)]


class OnnxRuntime:
    """Runs an ONNX file of the detector on one core a lane."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self.name, self.lanes_count, self.batch_count = f"onnx {path.stem}", 2, 1

    def run(self, batch: Pixels, *, with_neck: bool) -> list[Floats]:
        """Run one batch, as `trendlab.vision.runtime.Runtime` says."""
        names = MAPS if with_neck else MAPS[:HEAD_MAPS_COUNT]
        maps: list[Floats] = self._session.run(names, {"pixels": as_input(batch)})
        return maps


def as_input(batch: Pixels) -> Floats:
    """Return RGB bytes as (photos, 3, rows, columns), 0 to 1, for the network."""
    scaled: Floats = batch.transpose(0, 3, 1, 2).astype(np.float32) / 255
    return scaled


def write_onnx(folder: Path) -> Path:
    """Write the shipped detector's network as ONNX, ready to be quantised."""
    import torch
    from onnxruntime.quantization import quant_pre_process

    network = build_network(load_card("garments-fast"))
    network.fuse(verbose=False)
    axes = {name: {0: "photos", 2: "rows", 3: "columns"} for name in ("pixels", *MAPS)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            HeadAndNeck(network.model, network.save).eval(),
            (torch.zeros(1, 3, 64, 64),),
            folder / "exported.onnx",
            input_names=["pixels"],
            output_names=MAPS,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    quant_pre_process(
        folder / "exported.onnx", folder / "float32.onnx", skip_symbolic_shape=True
    )
    return folder / "float32.onnx"


def quantise(float32: Path, canvases: Iterator[Canvas]) -> Path:
    """Write the network in 8 bits, ranges from canvases."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, Floats] | None:
            canvas = next(canvases, None)
            if canvas is None:
                return None
            return {"pixels": as_input(canvas.pixels[None])}

    nodes = onnx.load(float32).graph.node
    joined = {
        name
        for node in nodes
        if node.op_type == "Concat" and node.output[0] in MAPS
        for name in node.input
    }
    last = [n.name for n in nodes if n.op_type == "Conv" and n.output[0] in joined]
    quantize_static(
        float32,
        float32.with_name("int8.onnx"),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=last,
        extra_options={"CalibMovingAverage": True},
    )
    return float32.with_name("int8.onnx")


def detect(
    detector: YoloDetector, canvases: Mapping[int, Canvas]
) -> list[dict[str, Any]]:
    """Return COCO results of canvases by image id."""
    card = detector.card
    keep = Suppression(
        (MEASURING_FLOOR,) * len(card.classes),
        card.nms_iou,
        MEASURING_COUNT,
        is_multi_label=True,
    )
    results = []
    for image_id, canvas in canvases.items():
        [found] = detector.find([canvas], keep)
        sizes = found.boxes.copy()
        sizes[:, 2:] -= sizes[:, :2]
        rows = zip(sizes.tolist(), found.scores, found.category_ids, strict=True)
        results += [
            {
                "image_id": image_id,
                "bbox": bbox,
                "score": float(score),
                "category_id": int(category_id),
            }
            for bbox, score, category_id in rows
        ]
    return results


def ap50_of_samples(
    coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    samples: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return VOC's mean AP50 of samples of photos, (samples,) float64.

    Parameters
    ----------
    coco : mapping
    results : sequence of mapping
    samples : (samples, photos) int64
        How often each photo is taken, in the order of the images.

    Notes
    -----
    Matching stays within a photo, so it is done once; a class without objects in a
    sample is left out of its mean.
    """
    position = {one["id"]: at for at, one in enumerate(coco["images"])}
    columns = []
    for category in coco["categories"]:
        boxes, mine = (
            [one for one in rows if one["category_id"] == category["id"]]
            for rows in (coco["annotations"], results)
        )
        ranked = sorted(mine, key=lambda one: -one["score"])
        hits, _ = match_voc(boxes, ranked)
        of_results = np.array([position[one["image_id"]] for one in ranked], int)
        of_boxes = np.array([position[one["image_id"]] for one in boxes], int)
        columns.append(
            [
                voc_ap(np.repeat(hits, taken[of_results]), int(taken[of_boxes].sum()))
                for taken in samples
            ]
        )
    means: npt.NDArray[np.float64] = np.nanmean(np.array(columns), axis=0)
    return means


def main() -> None:
    """Print the accuracy, its loss with a 95 % interval, and the time of each way."""
    parser = argparse.ArgumentParser(prog="python -m bench.int8", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with CCP")
    folder: Path = parser.parse_args().data
    card = load_card("garments-fast")
    shipped = load_detector(card, "cpu")

    def canvas_of(name: str) -> Canvas:
        photo = read_photo(folder / "images" / name, max_side_px=card.input_size_px)
        return shipped.prepare(photo)

    with tempfile.TemporaryDirectory() as made:
        train = read_coco(folder / "train.coco.json")["images"]
        names = sorted(one["file_name"] for one in train)
        step = len(names) // CALIBRATION_PHOTOS
        float32 = write_onnx(Path(made))
        int8 = quantise(
            float32, (canvas_of(name) for name in names[::step][:CALIBRATION_PHOTOS])
        )
        ways = {
            f"as shipped, {shipped.runtime.name}": shipped,
            "float32, ONNX Runtime": YoloDetector(card, OnnxRuntime(float32)),
            "int8, ONNX Runtime": YoloDetector(card, OnnxRuntime(int8)),
        }
    coco = read_coco(folder / "val.coco.json")
    canvases = {one["id"]: canvas_of(one["file_name"]) for one in coco["images"]}
    count = len(canvases)
    samples = np.random.default_rng(0).multinomial(
        count, np.full(count, 1 / count), RESAMPLES
    )
    timed = list(canvases.values())[:SPEED_PHOTOS]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(SPEED_ROUNDS):
        for name, detector in ways.items():
            started = time.process_time()
            for canvas in timed:
                detector.runtime.run(canvas.pixels[None], with_neck=True)
            seconds[name].append(time.process_time() - started)
    reference = None
    for name, detector in ways.items():
        results = detect(detector, canvases)
        figures = evaluate_detections(coco, results)
        sampled = ap50_of_samples(coco, results, samples)
        reference = sampled if reference is None else reference
        low, middle, high = np.percentile(reference - sampled, [2.5, 50, 97.5])
        spent = 1000 * statistics.median(seconds[name]) / SPEED_PHOTOS
        sys.stdout.write(
            f"{name}: AP50 {figures.ap50_voc:.4f} VOC, {figures.ap50_coco:.4f} COCO, "
            f"AP {figures.ap_coco:.4f}; loss of AP50 {middle:.4f} ({low:.4f} to "
            f"{high:.4f}; below {MAX_LOSS} wanted); {spent:.1f} ms a photo\n"
        )


if __name__ == "__main__":
    main()
