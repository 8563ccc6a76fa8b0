"""One Instagram post as each archive writes it, and helpers to vary it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

POST_ID = "3803272169371481051"
CODE = "DTH7-MvhDPb"
AUTHOR_ID = "4411"
TAKEN_AT = 1767605400
"""2026-01-05 09:30 UTC."""
CAPTION = "Wool coat, first outing #OOTD @ben"

ITEM: dict[str, Any] = {
    "pk": POST_ID,
    "id": f"{POST_ID}_{AUTHOR_ID}",
    "code": CODE,
    "taken_at": TAKEN_AT,
    "media_type": 8,
    "user": {
        "pk": AUTHOR_ID,
        "username": "Ana.B",
        "full_name": "Ana",
        "is_verified": False,
    },
    "caption": {"text": CAPTION},
    "like_and_view_counts_disabled": False,
    "like_count": 120,
    "comment_count": 2,
    "reshare_count": 5,
    "location": {"pk": 77, "name": "Paris", "lat": 48.85, "lng": 2.35},
    "usertags": {"in": [{"user": {"username": "cleo"}}]},
    "coauthor_producers": [{"username": "dan"}],
    "is_paid_partnership": True,
    "carousel_media": [
        {
            "media_type": 1,
            "image_versions2": {"candidates": [{"url": "https://x.org/1.jpg"}]},
        },
        {
            "media_type": 2,
            "image_versions2": {"candidates": [{"url": "https://x.org/2.jpg"}]},
        },
    ],
}
GRAPH: dict[str, Any] = {
    "__typename": "XDTGraphSidecar",
    "id": POST_ID,
    "shortcode": CODE,
    "taken_at_timestamp": TAKEN_AT,
    "owner": {
        "id": AUTHOR_ID,
        "username": "Ana.B",
        "full_name": "Ana",
        "is_verified": False,
        "edge_followed_by": {"count": 900},
    },
    "edge_media_to_caption": {"edges": [{"node": {"text": CAPTION}}]},
    "edge_media_preview_like": {"count": 120},
    "edge_media_to_parent_comment": {
        "count": 2,
        "edges": [
            {
                "node": {
                    "id": "51",
                    "text": "lovely",
                    "created_at": TAKEN_AT + 60,
                    "owner": {"id": "5", "username": "Ben"},
                    "edge_liked_by": {"count": 1},
                    "edge_threaded_comments": {
                        "edges": [
                            {
                                "node": {
                                    "id": "52",
                                    "text": "thanks",
                                    "created_at": TAKEN_AT + 90,
                                    "owner": {"id": AUTHOR_ID, "username": "Ana.B"},
                                }
                            }
                        ]
                    },
                }
            }
        ],
    },
    "edge_media_to_tagged_user": {"edges": [{"node": {"user": {"username": "cleo"}}}]},
    "edge_media_to_sponsor_user": {"edges": [{"node": {"sponsor": {"id": "1"}}}]},
    "location": {"id": "77", "name": "Paris", "lat": 48.85, "lng": 2.35},
    "edge_sidecar_to_children": {
        "edges": [
            {
                "node": {
                    "__typename": "XDTGraphImage",
                    "display_url": "https://x.org/1.jpg",
                }
            },
            {"node": {"is_video": True, "display_url": "https://x.org/2.jpg"}},
        ]
    },
}
GRID: dict[str, Any] = {
    "__typename": "XIGPolarisVideoMedia",
    "id": POST_ID,
    "code": CODE,
    "user": {"id": AUTHOR_ID, "username": "Ana.B"},
    "caption": {"text": CAPTION},
    "display_uri": "https://x.org/2.jpg",
    "play_count": 3100,
}
APIFY: dict[str, Any] = {
    "id": POST_ID,
    "type": "Sidecar",
    "shortCode": CODE,
    "caption": CAPTION,
    "hashtags": ["OOTD"],
    "mentions": ["ben"],
    "url": f"https://www.instagram.com/p/{CODE}/",
    "commentsCount": 2,
    "firstComment": "lovely",
    "latestComments": [
        {
            "id": "51",
            "text": "lovely",
            "ownerUsername": "Ben",
            "timestamp": "2026-01-05T09:31:00.000Z",
            "likesCount": 1,
            "owner": {"id": "5", "username": "Ben"},
            "replies": [
                {
                    "id": "52",
                    "text": "thanks",
                    "ownerUsername": "Ana.B",
                    "timestamp": "2026-01-05T09:31:30.000Z",
                    "likesCount": 0,
                }
            ],
        }
    ],
    "displayUrl": "https://x.org/1.jpg",
    "images": ["https://x.org/1.jpg", "https://x.org/2.jpg"],
    "likesCount": 120,
    "timestamp": "2026-01-05T09:30:00.000Z",
    "childPosts": [
        {"id": "1", "type": "Image", "displayUrl": "https://x.org/1.jpg"},
        {"id": "2", "type": "Video", "displayUrl": "https://x.org/2.jpg"},
    ],
    "ownerUsername": "Ana.B",
    "ownerFullName": "Ana",
    "ownerId": AUTHOR_ID,
    "locationName": "Paris",
    "locationId": "77",
    "isSponsored": True,
    "taggedUsers": [{"username": "cleo"}],
    "coauthorProducers": [{"username": "dan"}],
}
FOURCAT: dict[str, str] = {
    "id": CODE,
    "timestamp": "2026-01-05 10:30:00",
    "thread_id": CODE,
    "parent_id": CODE,
    "url": f"https://www.instagram.com/p/{CODE}",
    "body": CAPTION,
    "author": "Ana.B",
    "author_id": AUTHOR_ID,
    "author_fullname": "Ana",
    "verified": "False",
    "coauthors": "dan",
    "media_type": "mixed",
    "num_media": "2",
    "image_urls": "https://x.org/1.jpg,https://x.org/2.jpg",
    "media_urls": "https://x.org/1.jpg,https://x.org/2.mp4",
    "hashtags": "OOTD",
    "usertags": "cleo",
    "play_count": "-1",
    "likes_hidden": "no",
    "num_likes": "120",
    "num_comments": "2",
    "location_name": "Paris",
    "location_id": "77",
    "location_latlong": "48.85,2.35",
    "location_city": "Paris",
    "unix_timestamp": str(TAKEN_AT),
    "missing_media": "",
}
COMMENTS: list[dict[str, Any]] = [
    {
        "id": 51,
        "created_at": TAKEN_AT + 60,
        "text": "lovely",
        "owner": {"id": "5", "username": "Ben"},
        "likes_count": 1,
        "answers": [
            {
                "id": 52,
                "created_at": TAKEN_AT + 90,
                "text": "thanks",
                "owner": {"id": AUTHOR_ID, "username": "Ana.B"},
                "likes_count": 0,
            }
        ],
    }
]
COLLECTED_AT_MS = 1767700000000
"""2026-01-06 11:46:40 UTC."""


def saved(node: Any, kind: str = "Post") -> dict[str, Any]:
    """Return a file of instaloader."""
    return {"node": node, "instaloader": {"version": "4.14", "node_type": kind}}


def captured(node: Any, **around: Any) -> dict[str, Any]:
    """Return a line of Zeeschuimer."""
    return {
        "nav_index": "1:0:0",
        "item_id": POST_ID,
        "timestamp_collected": COLLECTED_AT_MS,
        "source_platform": "instagram.com",
        "source_platform_url": "https://www.instagram.com/explore/tags/ootd/",
        "source_url": "https://www.instagram.com/graphql/query",
        "user_agent": "test",
        "data": node,
        **around,
    }


def write_lines(path: Path, *records: Any) -> Path:
    """Write records as lines of JSON."""
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def write_table(path: Path, *rows: dict[str, str]) -> Path:
    """Write rows as a CSV with the columns of the first."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="", extrasaction="raise")
        writer.writeheader()
        writer.writerows(rows)
    return path


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
"""Any JSON."""


def varied(sample: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of what a sample becomes when any part of it is another."""
    if isinstance(sample, dict):
        parts = {
            name: st.just(value) | ANYTHING | varied(value)
            for name, value in sample.items()
        }
        return st.fixed_dictionaries({}, optional=parts)
    if isinstance(sample, list):
        return st.lists(st.one_of([varied(one) for one in sample]), max_size=2)
    return st.just(sample) | ANYTHING
