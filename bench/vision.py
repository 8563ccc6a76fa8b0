"""Detection of a folder of photos: ours against `ultralytics.YOLO.predict`.

`garments-fast`, since that looks as YOLO does, once; the shipped default beside it. The
photos are crops of the two that ultralytics carries, 640 pixels on the longer
side, in several shapes; both use the same weights, size and photos, on the CPU.
Run: ``python -m bench.run vision``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import Row, measure

# Photos at full scale; a run of ours takes seconds, so that starting does not count.
PHOTOS = 300
# Pairs of runs, one after the other, so that a busy machine slows both.
PAIRS = 3
# Ours / theirs in time, promised in the vision issue: 2.5 times as fast.
TARGET = 0.4
# With people / without in time: beyond it they would be off by default.
PEOPLE_TARGET = 1.6
# The default, which looks twice and at each box again / looking once, in time.
PASSES_TARGET = 4.0
# Score from which a box is kept, the default of ultralytics.
FLOOR = 0.25
# Allowed growth of peak memory from a folder to one four times as large.
FLAT_MB = 60


def write_photos(folder: Path, count: int) -> None:
    """Write crops of real photos, in shapes that social networks serve."""
    from PIL import Image

    from trendlab.vision.detect import import_ultralytics

    assets = Path(import_ultralytics().__file__).parent / "assets"
    rng = np.random.default_rng(11)
    sources = [Image.open(assets / name) for name in ("bus.jpg", "zidane.jpg")]
    for number in range(count):
        source = sources[number % 2]
        width, height = [(4, 5), (1, 1), (3, 4), (2, 3), (4, 3)][number % 5]
        side = min(source.width / width, source.height / height)
        side *= rng.uniform(0.7, 1)
        box_width, box_height = int(width * side), int(height * side)
        left = rng.integers(0, source.width - box_width + 1)
        top = rng.integers(0, source.height - box_height + 1)
        crop = source.crop((left, top, left + box_width, top + box_height))
        shrink = 640 / max(crop.size)
        crop = crop.resize((round(crop.width * shrink), round(crop.height * shrink)))
        crop.save(folder / f"{number:05}.jpg", quality=88)


class Watch:
    """Counts photos by the wall's clock and by the processors'."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def rates(self, count: int) -> list[float]:
        """Photos a second, and photos a second of processor time."""
        wall = time.perf_counter() - self.wall
        return [count / wall, count / (time.process_time() - self.cpu)]


def ours(
    folder: str, cache: str, with_people: bool = False, card: str = "garments-fast"
) -> list[float]:
    """Detect a folder; return both rates, the first eight photos not counted."""
    from trendlab.vision.detect import Detector, detect_folder, load_card, load_detector
    from trendlab.vision.people import load_with_people

    detector: Detector = load_detector(load_card(card), "cpu", cache=Path(cache))
    if with_people:
        detector = load_with_people(detector, "cpu", cache=Path(cache))
    warm = Path(folder) / "warm"
    list(detect_folder(warm, detector, min_score=FLOOR))
    photos = Path(folder) / "photos"
    watch = Watch()
    run = detect_folder(photos, detector, min_score=FLOOR)
    for _ in run:
        pass
    return watch.rates(run.images_count)


def theirs(folder: str, threads: int) -> list[float]:
    """Do the same with ultralytics; `threads` 0 leaves its own choice."""
    import torch

    from trendlab.vision.detect import build_network, import_ultralytics, load_card

    card = load_card("garments-fast")
    model = import_ultralytics().YOLO(card.architecture)
    model.model = build_network(card)
    model.model.names = dict(enumerate(card.classes))
    told = {"imgsz": card.input_size_px, "conf": FLOOR, "device": "cpu"}
    told |= {"verbose": False, "save": False}
    for _ in model.predict(str(Path(folder) / "warm"), stream=True, **told):
        pass
    if threads:
        torch.set_num_threads(threads)
    count = 0
    watch = Watch()
    for _ in model.predict(str(Path(folder) / "photos"), stream=True, **told):
        count += 1
    return watch.rates(count)


def told(rates: list[list[float]]) -> str:
    """Word the median rates."""
    wall, cpu = (statistics.median(column) for column in zip(*rates, strict=True))
    return f"{wall:.1f} photos/s, {cpu:.1f} per processor second"


def rows(scale: float) -> Iterator[Row]:
    """Measure pairs, and the memory of a folder four times as large."""
    count = max(20, round(PHOTOS * scale))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, number in (("warm", 8), ("photos", count)):
            (folder / part).mkdir()
            write_photos(folder / part, number)
        # the first start exports the network, which takes torch and its memory
        measure("bench.vision:ours", name, str(folder / "models"), True)
        mine, default, two, people, passes = [], [], [], [], []
        peak = 0.0
        for _ in range(PAIRS):
            measured = measure("bench.vision:ours", name, str(folder / "models"))
            mine.append(measured.value)
            peak = max(peak, measured.peak_mb)
            people.append(
                measure("bench.vision:ours", name, str(folder / "models"), True).value
            )
            more = (name, str(folder / "models"), False, "garments")
            passes.append(measure("bench.vision:ours", *more).value)
            default.append(measure("bench.vision:theirs", name, 0).value)
            two.append(measure("bench.vision:theirs", name, 2).value)
        for photos, rates, other, alternative, target in (
            ("of 640 px", mine, default, "YOLO.predict, its own threads", TARGET),
            ("of 640 px", mine, two, "YOLO.predict, 2 threads", TARGET),
            ("with the people in them", people, mine, "without", PEOPLE_TARGET),
            ("with all looks of the default", passes, mine, "one look", PASSES_TARGET),
        ):
            ratio = statistics.median(
                b[0] / a[0] for a, b in zip(rates, other, strict=True)
            )
            yield Row(
                name=f"detect {count} photos {photos}",
                ours=told(rates),
                alternative=f"{alternative}: {told(other)}",
                ratio=ratio,
                peak_mb=peak,
                target=f"≤ {target}",
                is_met=ratio <= target,
            )
        for number in range(count, 4 * count):
            (folder / "photos" / f"more{number}.jpg").symlink_to(
                folder / "photos" / f"{number % count:05}.jpg"
            )
        larger = measure("bench.vision:ours", name, str(folder / "models"))
        yield Row(
            name=f"peak memory, {4 * count} photos",
            ours=f"{larger.peak_mb:,.0f} MB",
            alternative=f"{count} photos: {peak:,.0f} MB",
            ratio=larger.peak_mb / peak,
            peak_mb=larger.peak_mb,
            target=f"≤ {FLAT_MB} MB more",
            is_met=larger.peak_mb - peak <= FLAT_MB,
        )
