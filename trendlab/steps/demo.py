"""The demo: a simulated world, two years of nights in bulk, and a report."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from trendlab.errors import SettingsError
from trendlab.settings import Settings
from trendlab.steps.context import open_context
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.load import stop_database
from trendlab.steps.nightly import run_nightly
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Progress

MARKER = "this-is-a-demo"
# Seconds that each stage may take on 2 cores; together under 4 minutes.
BUDGETS = {
    "simulate": 15,
    "photos": 1,
    "match": 16,
    "sentiment": 22,
    "detect": 15,
    "tag": 4,
    "activity": 26,
    "signals": 26,
    "influencers": 26,
    "multi_tracker": 8,
    "trends": 6,
    "city_sentiment": 6,
    "look_patterns": 4,
    "styles": 5,
    "style_weeks": 1,
    "style_examples": 1,
    "influence": 2,
    "city_trends": 1,
    "trend_event_evidence": 8,
    "trend_forecasts": 1,
    "alerts": 1,
    "load and marts": 15,
    "report": 30,
}


def run_demo(
    settings: Settings,
    *,
    weeks: int,
    last_day: date | None,
    progress: Progress,
    say: Callable[[str], None],
) -> Iterator[str]:
    """Simulate, run the night over all days, write the report.

    Parameters
    ----------
    settings : Settings
        The home is emptied first when it is an earlier demo.
    weeks : int
    last_day : date or None
        Last day of the world; the last Sunday when None.
    progress, say : callable
        Told how far stages are, and one line as each ends.

    Yields
    ------
    str
        Lines to print at the end.

    Raises
    ------
    SettingsError
        If the home holds something that is not a demo.
    """
    started = time.monotonic()
    prepare_home(settings)
    context = open_context(settings, progress=progress, need_trackers=False)
    last_day = last_day or last_sunday(context.clock().date())

    def stage(name: str, begun: float) -> None:
        budget = BUDGETS.get(name)
        told = f" (budget {budget} s)" if budget is not None else ""
        say(f"{name}: {time.monotonic() - begun:.1f} s{told}")

    begun = time.monotonic()
    world = simulate_world(
        context.lake,
        settings.home,
        weeks=weeks,
        last_day=last_day,
        cities=context.cities,
        progress=progress,
    )
    stage("simulate", begun)
    begun = time.monotonic()
    context = open_context(settings, progress=progress)
    photos = photos_at_hand(settings.home / "photos", last_day)
    with context.lake.lock():
        taken = ingest_paths(
            context.lake,
            [str(photos)],
            trackers=context.trackers,
            clock=context.clock,
            max_rejected_share=settings.max_rejected_share,
        )
    stage("photos", begun)
    first_day = last_day - timedelta(days=7 * weeks - 1)
    night = run_nightly(
        context,
        first_day,
        last_day,
        catch_up=False,
        say=lambda line: say(with_budget(line)),
    )
    seconds = time.monotonic() - started
    yield f"a world of {weeks} weeks to {last_day}, simulated and real photos apart:"
    yield from (f"  {line}" for line in world.lines())
    yield from (f"  {line}" for line in taken.lines())
    yield from (f"  {note}" for note in night.notes)
    yield f"done in {seconds:.0f} s; stages may take {sum(BUDGETS.values())} s"
    yield from (f"report: {path}" for path in night.report_paths)
    yield (
        f"ask more: trendlab sql --home {settings.home} "
        '"select * from marts.peaks order by severity desc limit 5"'
    )


def with_budget(line: str) -> str:
    """Add a stage's budget to the line that tells of it."""
    name = line.partition(":")[0]
    name = "load and marts" if name in ("load", "marts") else name
    return f"{line} (budget {BUDGETS[name]} s)" if name in BUDGETS else line


def prepare_home(settings: Settings) -> None:
    """Empty an earlier demo's folder; refuse any other that holds something."""
    home = settings.home
    if settings.warehouse_url is not None:
        raise SettingsError(
            "the demo uses the embedded Postgres: unset TRENDLAB_WAREHOUSE_URL, "
            "or its tables would be replaced by simulated ones"
        )
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).exists():
            raise SettingsError(
                f"{home} holds something that is not a demo: choose another --home"
            )
        if (home / "postgres").exists():
            stop_database(settings)
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / MARKER).write_text("trendlab demo: emptied by the next one\n")


def last_sunday(today: date) -> date:
    """Return the last Sunday before a day."""
    return today - timedelta(days=today.weekday() + 1)


def photos_at_hand(folder: Path, last_day: date) -> Path:
    """Copy the photos that installed packages carry, with a sidecar.

    Real photos, so that the real detector runs on real pixels: two street and
    portrait photos of ultralytics' package (AGPL-3.0).
    """
    folder.mkdir(parents=True, exist_ok=True)
    # the package is asked where it is without being imported
    spec = find_spec("ultralytics")
    if spec is None or spec.origin is None:
        raise SettingsError("ultralytics is not installed: run `make setup`")
    carried = Path(spec.origin).parent / "assets"
    names = sorted(path.name for path in carried.glob("*.jpg"))
    sidecar = []
    for place, name in enumerate(names):
        shutil.copyfile(carried / name, folder / name)
        taken_at = datetime(
            last_day.year, last_day.month, last_day.day, 10 + place, tzinfo=UTC
        )
        sidecar.append(
            {
                "file_name": name,
                "time": taken_at.isoformat(),
                "author": "ultralytics",
                "caption": "photo that a package carries #outfit #streetstyle",
                "place": "Madrid" if name.startswith("bus") else None,
            }
        )
    (folder / "sidecar.json").write_text(json.dumps(sidecar, indent=1))
    return folder
