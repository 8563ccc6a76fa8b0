"""What hashtags and accounts of Instagram share: fields, pages, times of posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trendlab.sources.base import FieldError, Page, Slice, Spend, State
from trendlab.sources.fields import read_moment
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer

PAGE_SIZE = 50
MEDIA_FIELDS = (
    "id,caption,comments_count,like_count,media_type,media_url,permalink,timestamp,"
    "children{id,media_type,media_url}"
)


def page_of(
    posts: Sequence[Any],
    owner: Mapping[str, Any] | None,
    answer: Answer,
    state: State,
    *,
    spends: tuple[Spend, ...] = (),
    reached_at: datetime | None = None,
) -> Page:
    """Return a page of posts; `owner` is their account where it is known."""
    return Page(
        {"posts": list(posts), "owner": owner},
        answer.origin,
        answer.observed_at,
        state=state,
        spends=spends,
        reached_at=reached_at,
    )


def is_end_of(page: Page) -> bool:
    """Tell whether nothing follows a page."""
    return page.state is not None and bool(page.state["is_last"])


def range_of(part: Slice) -> tuple[datetime, datetime]:
    """Return the range of a slice, UTC."""
    assert part.since is not None
    assert part.until is not None
    return part.since.astimezone(UTC), part.until.astimezone(UTC)


def time_of(post: Any) -> datetime | None:
    """Return when a post was made; None where it cannot be read."""
    try:
        return read_moment(object_or_empty(post).get("timestamp"), "timestamp")
    except FieldError:
        return None


def is_within(post: Any, since: datetime, until: datetime) -> bool:
    """Tell whether a post lies in the range; what cannot be read is the parser's."""
    at = time_of(post)
    return at is None or since <= at < until
