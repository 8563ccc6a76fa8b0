"""What the exclusion rules of the tracker file would drop, before they do."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from trendlab.errors import MissingPartition
from trendlab.steps.context import check_tracker
from trendlab.steps.pseudonyms import stored_trackers
from trendlab.steps.step import Context
from trendlab.text.language import identify
from trendlab.trackers import Tracker, preview_exclusions

# Days looked at where none are named: four weeks, every weekday alike.
PREVIEW_DAYS = 28
SHOWN_CHARACTERS = 90


def preview_rules(
    context: Context,
    first_day: date | None = None,
    last_day: date | None = None,
    *,
    tracker: str | None = None,
) -> list[str]:
    """Count what each rule drops, with examples; nothing is written.

    Raises
    ------
    MissingPartition
        If there are no posts in these days.
    SettingsError
        If there is no such tracker.
    """
    if tracker is not None:
        check_tracker(tracker, (one.name for one in context.trackers))
    chosen = [one for one in stored_trackers(context) if tracker in (None, one.name)]
    days = [
        day
        for day in context.lake.days("posts")
        if (first_day is None or day >= first_day)
        and (last_day is None or day <= last_day)
    ]
    if days and first_day is None:
        days = [day for day in days if day > days[-1] - timedelta(days=PREVIEW_DAYS)]
    if not days:
        raise MissingPartition("there are no posts in these days to try the rules on")
    posts = context.lake.read_range("posts", days[0], days[-1])
    captions = dict(
        zip(
            zip(posts["source"].to_pylist(), posts["post_id"].to_pylist(), strict=True),
            posts["caption"].to_pylist(),
            strict=True,
        )
    )
    lines = [f"{posts.num_rows:,} posts of {days[0]} to {days[-1]}; nothing is changed"]
    for one in chosen:
        lines += _preview(one, posts, captions)
    return lines


def _preview(
    tracker: Tracker, posts: pa.Table, captions: dict[tuple[str, str], str | None]
) -> list[str]:
    if not tracker.exclusions:
        return [f"{tracker.name}: no exclusion rules"]
    languages = None
    if any(rule.languages for rule in tracker.exclusions):
        languages = list(
            identify(
                [caption or "" for caption in posts["caption"].to_pylist()],
                posts["language_given"].to_pylist(),
            )[0]
        )
    lines = []
    for found in preview_exclusions(posts, tracker, languages=languages):
        lines.append(
            f"{tracker.name}, {found.rule} ({found.reason}): drops "
            f"{found.dropped_count:,} posts, {found.dropped_share:.1%} of the "
            f"tracker's; {found.only_count:,} of them by no other rule"
        )
        lines += [
            f"    {source} {post_id}: {_shown(captions.get((source, post_id)))}"
            for source, post_id in found.examples
        ]
    return lines


def _shown(caption: str | None) -> str:
    """Return a caption on one line, without characters that move a terminal."""
    words = " ".join((caption or "").split())
    return "".join(c for c in words if c.isprintable())[:SHOWN_CHARACTERS]
