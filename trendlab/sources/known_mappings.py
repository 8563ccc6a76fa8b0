"""Column mappings that need not be written, for exports in wide use."""

from __future__ import annotations

from trendlab.sources.columns import ColumnMapping

TWEETS = ColumnMapping(
    name="tweets",
    columns={
        "author_id": "author_id",
        "caption": "text",
        "created_at": "created_at",
        "likes_count": "likes",
        "comments_count": "replies",
        "shares_count": "retweets",
        "place_id": "geo.place_id",
        "lat": "geo.coordinates.coordinates.1",
        "lon": "geo.coordinates.coordinates.0",
    },
)
"""Tweets saved from the Twitter API 2 with tweepy, as many published sets are."""

REDDIT = ColumnMapping(
    name="reddit",
    columns={
        "post_id": "id",
        "created_at": "created_utc",
        "caption": "title + selftext",
        "author_handle": ("author",),
        "likes_count": "ups",
        "comments_count": "num_comments",
        "url": "permalink",
        "media_urls": "url",
    },
    time_format="epoch_seconds",
)
"""Reddit listings saved as CSV, with the field names of Reddit's API."""

KNOWN_MAPPINGS: dict[str, ColumnMapping] = {
    mapping.name: mapping for mapping in (TWEETS, REDDIT)
}
