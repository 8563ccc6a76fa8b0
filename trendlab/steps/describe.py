"""Steps that describe single posts: sentiment, detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.code_hash import hash_of
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.text.negative import load_model
from trendlab.text.sentiment import score_texts
from trendlab.vision.detector import Detector
from trendlab.vision.shards import Shards


def _texts_of(context: Context, day: date) -> pa.Table:
    """Return posts and comments of a day as items to score."""
    posts = context.lake.read(
        "posts", day, columns=["source", "post_id", "caption", "language_given"]
    )
    comments = context.lake.read(
        "comments",
        day,
        columns=["source", "comment_id", "post_id", "text", "language_given"],
    )
    return pa.concat_tables(
        [
            pa.table(
                {
                    "source": posts["source"],
                    "item_kind": pa.repeat("post", posts.num_rows),
                    "item_id": posts["post_id"],
                    "post_id": posts["post_id"],
                    "text": pc.fill_null(posts["caption"], ""),
                    "language_given": posts["language_given"],
                }
            ),
            pa.table(
                {
                    "source": comments["source"],
                    "item_kind": pa.repeat("comment", comments.num_rows),
                    "item_id": comments["comment_id"],
                    "post_id": comments["post_id"],
                    "text": comments["text"],
                    "language_given": comments["language_given"],
                }
            ),
        ]
    )


def _score(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    return {
        "sentiment": {
            day: score_texts(
                _texts_of(context, day),
                day=day,
                run_id=run_ids[day],
                negative_by=context.settings.sentiment,
            )
            for day in days
        }
    }


SENTIMENT = Step(
    name="sentiment",
    modules=("trendlab.text.sentiment",),
    outputs=("sentiment",),
    inputs=lambda context, day: [
        Input("posts", day, day),
        Input("comments", day, day),
    ],
    compute=_score,
    settings_key=lambda context: f"{context.settings.sentiment} {load_model().version}",
    is_pooled=True,
)


def stored_media(context: Context, day: date) -> pa.Table:
    """Return the photos of a day that are stored."""
    media = context.lake.read("media", day)
    return media.filter(pc.equal(media["status"], "stored"))


def _sources_of(rows: pa.Table) -> set[str]:
    return set(pc.unique(rows["source"]).to_pylist())


def outdated_sources(context: Context, table: str, day: date) -> set[str]:
    """Return sources whose rows a model wrote; those of a simulation stay."""
    outdated = set()
    for source in context.lake.sources(table, day):
        names = context.lake.read(table, day, source=source, columns=["model_name"])
        if pc.any(pc.not_equal(names["model_name"], "simulated")).as_py():
            outdated.add(source)
    return outdated


def split_by_source(rows: pa.Table, sources: set[str]) -> dict[str, pa.Table]:
    """Split rows by source; a source without rows gets none, so it is cleared."""
    return {
        source: rows.filter(pc.equal(rows["source"], source))
        for source in sorted(sources)
    }


def detector_key(context: Context) -> str:
    """Return the checksum of the detector: weights, thresholds and passes."""
    from trendlab.vision.models import load_card

    return load_card(context.settings.detector).key


def detect_key(context: Context) -> str:
    """Return the checksums of the detector and of the model that finds people."""
    from trendlab.vision.models import PEOPLE_FINDER, load_card

    if context.settings.people == "off":
        return detector_key(context)
    return hash_of(detector_key(context), load_card(PEOPLE_FINDER).key)


def open_detector(settings: Settings) -> Detector:
    """Load the detector of the settings, with people where they ask for them.

    Raises
    ------
    ModelError
        If a model is missing or wrong, or there is no such device.
    """
    from trendlab.vision.detect import load_detector
    from trendlab.vision.models import load_card
    from trendlab.vision.people import load_with_people

    cache = settings.home / "models"
    detector = load_detector(load_card(settings.detector), settings.device, cache=cache)
    if settings.people == "off":
        return detector
    return load_with_people(detector, settings.device, cache=cache)


def _shards(context: Context) -> Shards:
    """Return where photos that were looked at are noted until their rows are safe."""
    return Shards(context.home / "state" / "shards", detect_key(context))


def _tidy_shards(context: Context) -> None:
    if (context.home / "state" / "shards").is_dir():
        _shards(context).remove()


def _detect(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {"garments": {}, "looks": {}, "vision_failures": {}}
    detector = None
    for day in days:
        media = stored_media(context, day)
        sources = _sources_of(media) | outdated_sources(context, "garments", day)
        rows = {table: TABLES[table].empty() for table in parts}
        if media.num_rows:
            # torch loads in seconds: only where there are photos
            from trendlab.vision.garments import find_garments

            if detector is None:
                detector = open_detector(context.settings)
            found = find_garments(
                media,
                detector,
                home=context.home,
                run_id=run_ids[day],
                workers=context.settings.workers,
                shards=_shards(context),
            )
            rows = {
                "garments": found.garments,
                "looks": found.looks,
                "vision_failures": found.failures,
            }
        for table, mine in rows.items():
            parts[table][day] = split_by_source(mine, sources)
    return parts


DETECT = Step(
    name="detect",
    modules=(
        "trendlab.vision.detect",
        "trendlab.vision.garments",
        "trendlab.vision.looks",
        "trendlab.vision.passes",
        "trendlab.vision.people",
        "trendlab.vision.copies",
    ),
    outputs=("garments", "looks", "vision_failures"),
    inputs=lambda context, day: [Input("media", day, day)],
    compute=_detect,
    settings_key=detect_key,
    tidy=_tidy_shards,
)
