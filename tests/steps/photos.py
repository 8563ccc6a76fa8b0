"""A home whose posts offer photos, and a server on loopback that has them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.builders import media_row
from tests.sources.rough_server import Reply, answer
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.context import open_context
from trendlab.steps.step import Context

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)


def photo(seed: int, kind: str = "JPEG") -> bytes:
    """Encode a small photo; each seed gives other bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 24, 3), np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, kind)
    return encoded.getvalue()


def by_path(replies: Mapping[str, Reply]) -> Reply:
    """Answer each path in its own way, others with 404."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        replies.get(path, answer(b"none", 404))(handler)

    return reply


def offer(url: str | None, post_id: str, **columns: Any) -> dict[str, Any]:
    own = {
        "day": DAY,
        "source": "shop",
        "post_id": post_id,
        "media_index": 0,
        "url": url,
        "observed_at": NOON,
    }
    return media_row(**{**own, **columns})


def home_with(home: Path, url: str, *rows: dict[str, Any]) -> Context:
    """Open a home that may reach the server at `url`, and whose lake has the rows."""
    lake = Lake(home / "lake")
    for day in sorted({row["day"] for row in rows}):
        mine = [row for row in rows if row["day"] == day]
        lake.write("media", day, TABLES["media"].from_rows(mine), source="shop")
    settings = Settings(
        home=home,
        media_ports=url.rpartition(":")[2],  # type: ignore[arg-type]
        media_networks="127.0.0.0/8",  # type: ignore[arg-type]
    )
    context = open_context(settings, need_trackers=False)
    context.clock = lambda: NOW
    return context


def told(context: Context, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Return columns of `media` by post."""
    return {
        row["post_id"]: tuple(row[name] for name in columns)
        for day in context.lake.days("media")
        for row in context.lake.read("media", day).to_pylist()
    }


def files(context: Context) -> dict[str, bytes]:
    """Return what lies under the folder of photos, by path under the home."""
    return {
        path.relative_to(context.home).as_posix(): path.read_bytes()
        for path in sorted((context.home / "media").rglob("*"))
        if path.is_file()
    }
