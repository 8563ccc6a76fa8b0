"""What the fetch loop costs beside bare clients, on the same server.

`mastodon-mock` is a real server for Mastodon's API on loopback. Mastodon.py pages
through a hashtag by itself, and makes objects of what it reads; httpx only asks for the
same pages and parses the JSON. Ours keeps a cursor, honours limits and checks every
answer; then it parses, and stores rows, books and the cursor. The runs take turns in
one process.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
from mastodon import Mastodon as MastodonPy

from bench import Row
from tests.sources.mastodon_server import START, Mastodons, Toot, id_at, mastodons
from trendlab.lake import Lake
from trendlab.sources.base import Plan, Request, Slice
from trendlab.sources.live import Access
from trendlab.sources.mastodon import PAGE_SIZE, URL, Mastodon
from trendlab.sources.web import WebClient
from trendlab.steps.live import Asked, LiveIngest

POSTS = 2_000
TURNS = 7
TAG = "streetstyle"
END = START + timedelta(days=1)


def asked_only(url: str) -> int:
    """Page through the hashtag with httpx, forwards as ours does."""
    path = f"{url}/api/v1/timelines/tag/{TAG}"
    count, newest = 0, id_at(START)
    with httpx.Client() as client:
        while page := client.get(
            path, params={"limit": PAGE_SIZE, "min_id": newest}
        ).json():
            count += len(page)
            newest = max(int(post["id"]) for post in page)
    return count


def bare(url: str) -> int:
    """Page through the hashtag with Mastodon.py."""
    client = MastodonPy(api_base_url=url, version_check_mode="none")
    page = client.timeline_hashtag(TAG, limit=PAGE_SIZE)
    count = 0
    while page:
        count += len(page)
        page = client.fetch_next(page)
    return count


def source_at(url: str) -> Mastodon:
    return Mastodon(Access(Mastodon.needs, {URL: url}))


def fetched(url: str) -> int:
    """Page through the hashtag with our fetch loop."""
    source = source_at(url)
    asks = {"kind": "hashtag", "value": TAG, "resume": None}
    plan = Plan(Request("mastodon"), (Slice("x", asks, START, END),))
    with WebClient(source.bases(), rates=source.rates) as client:
        return sum(len(page.payload["posts"]) for page in source.fetch(plan, client))


def ingested(url: str) -> int:
    """Fetch the hashtag and store all that it gives."""
    with tempfile.TemporaryDirectory(prefix="trendlab-bench-") as folder:
        lake = Lake(Path(folder) / "lake")
        asked = Asked(hashtags=(TAG,))
        LiveIngest(lake).ingest(source_at(url), asked, START, END)
        return lake.read("posts", START.date()).num_rows


def rows(scale: float) -> Iterator[Row]:
    """Give the rows of this benchmark."""
    posts = max(int(POSTS * scale), 100)
    with (
        tempfile.TemporaryDirectory(prefix="trendlab-bench-") as folder,
        mastodons(Path(folder)) as server,
    ):
        put(server, posts)
        ways: dict[str, Callable[[str], int]] = {
            "Mastodon.py": bare,
            "httpx": asked_only,
            "fetched": fetched,
            "ingested": ingested,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS + 1):
            for name, way in ways.items():
                started = time.monotonic()
                count = way(server.url)
                assert count == posts, f"{name}: {count} of {posts}"
                if turn:  # the first warms the server and the imports
                    seconds[name].append(time.monotonic() - started)
    pages = posts / PAGE_SIZE
    shown = {
        name: f"{1000 * statistics.median(taken) / pages:.1f} ms a page"
        for name, taken in seconds.items()
    }
    for name, what in (
        ("fetched", "paged through, with cursor, limits and checks"),
        ("ingested", "fetched, parsed and stored, with books and cursor"),
    ):
        for other in ("httpx", "Mastodon.py"):
            paired = zip(seconds[name], seconds[other], strict=True)
            yield Row(
                name=f"Mastodon, {posts:,} posts {what}",
                ours=shown[name],
                alternative=f"{other} alone {shown[other]}",
                ratio=statistics.median(mine / theirs for mine, theirs in paired),
                peak_mb=None,
                target="",
                is_met=None,
            )


def put(server: Mastodons, posts: int) -> None:
    """Write a day of posts, evenly spaced."""
    step = (END - START) / (posts + 1)
    server.put(
        Toot(START + (n + 1) * step, text=f"coat {n}", photos=n % 3 == 0, likes=n % 7)
        for n in range(posts)
    )


if __name__ == "__main__":
    from bench.run import table

    print(table(list(rows(1.0))))
