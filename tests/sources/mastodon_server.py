"""A real server for Mastodon's API on loopback, with posts dated back.

`mastodon-mock` makes every status now, so rows are written into its SQLite file: ids
that hold their time, as Mastodon's do, and `created_at` to go with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, RateLimitConfig
from mastodon_mock.testing import MockServer
from mastodon_mock.testing.seed import DEFAULT_TEST_SEED

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Toot:
    """A status to put into the server."""

    at: datetime
    text: str = "a <b>coat</b> &amp; boots"
    tags: tuple[str, ...] = ("streetstyle",)
    account: int = 0
    likes: int = 0
    photos: int = 0
    reply_to: int | None = None
    boost_of: int | None = None
    visibility: str = "public"
    language: str | None = "en"


def id_at(moment: datetime, number: int = 0) -> int:
    return (int(moment.timestamp() * 1000) << 16) + number


@dataclass
class Mastodons:
    """A running server and its database."""

    server: MockServer
    path: Path
    ids: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.base_url

    def accounts(self) -> list[int]:
        with closing(sqlite3.connect(self.path)) as base:
            rows = base.execute("select id from accounts order by id").fetchall()
        return [row[0] for row in rows]

    def put(self, toots: Iterable[Toot], *, plain_ids: bool = False) -> list[int]:
        """Write statuses; `plain_ids` gives ids that hold no time."""
        accounts = self.accounts()
        made = []
        with closing(sqlite3.connect(self.path, timeout=30)) as base, base:
            for toot in toots:
                number = len(self.ids)
                own = 1_000 + number if plain_ids else id_at(toot.at, number)
                self.ids.append(own)
                made.append(own)
                base.execute(
                    "insert into statuses (id, account_id, content, text, created_at,"
                    " in_reply_to_id, reblog_of_id, sensitive, spoiler_text,"
                    " visibility, language, quote_state, quote_approval_policy,"
                    " edit_history) values (?,?,?,?,?,?,?,0,'',?,?,'accepted',"
                    "'public','[]')",
                    (
                        own,
                        accounts[toot.account],
                        f"<p>{toot.text}</p>",
                        toot.text,
                        toot.at.replace(tzinfo=None).isoformat(" ", "microseconds"),
                        toot.reply_to,
                        toot.boost_of,
                        toot.visibility,
                        toot.language,
                    ),
                )
                for at, tag in enumerate(toot.tags):
                    base.execute(
                        "insert into status_tags (id, status_id, name) values (?,?,?)",
                        (number * 100 + at + 1, own, tag),
                    )
                for at in range(toot.photos):
                    base.execute(
                        "insert into media_attachments (id, account_id, status_id,"
                        " type, url, preview_url, meta, created_at) values"
                        " (?,?,?,'image',?,?,'{}','2026-01-01 00:00:00.000000')",
                        (
                            number * 100 + at + 1,
                            accounts[toot.account],
                            own,
                            f"https://files.example/{own}-{at}.jpg",
                            f"https://files.example/{own}-{at}-small.jpg",
                        ),
                    )
                for at in range(toot.likes):
                    base.execute(
                        "insert into favourites (id, account_id, status_id, created_at)"
                        " values (?,?,?,'2026-01-01 00:00:00.000000')",
                        (number * 100 + at + 1, 900_000 + at, own),
                    )
        return made

    @contextmanager
    def fault(
        self, path_regex: str, status: int, count: int | None = None, **headers: str
    ) -> Iterator[None]:
        """Answer requests for a path with a status; `a_b="x"` becomes `A-B: x`."""
        faults = f"{self.url}/api/v1/_mock/faults"
        rule = {
            "match": {"path_regex": path_regex},
            "effect": {
                "type": "status",
                "status": status,
                "headers": {n.replace("_", "-"): v for n, v in headers.items()},
            },
            "count": count,
        }
        httpx.post(faults, json=rule).raise_for_status()
        try:
            yield
        finally:
            httpx.delete(faults).raise_for_status()

    def like(self, status_id: int, times: int) -> None:
        with closing(sqlite3.connect(self.path, timeout=30)) as base, base:
            for _ in range(times):
                base.execute(
                    "insert into favourites (id, account_id, status_id, created_at)"
                    " select coalesce(max(id), 0) + 1, 800000 + coalesce(max(id), 0),"
                    " ?, '2026-01-02 00:00:00.000000' from favourites",
                    (status_id,),
                )


@contextmanager
def mastodons(folder: Path, *, limit: int | None = None) -> Iterator[Mastodons]:
    path = folder / "mastodon.sqlite"
    config = MastodonMockConfig(
        database=DatabaseConfig(path=str(path)),
        seed=DEFAULT_TEST_SEED,
        ratelimit=RateLimitConfig(
            enabled=limit is not None, limit=limit or 300, window_seconds=300
        ),
    )
    with MockServer(config=config) as server:
        yield Mastodons(server, path)


def a_month(count: int, *, days: int = 30) -> list[Toot]:
    """Return posts at even steps from the start on."""
    step = timedelta(days=days) / count
    return [
        Toot(
            START + i * step,
            text=f"look number {i} #streetstyle",
            account=i % 3,
            likes=i % 4,
            photos=i % 2,
        )
        for i in range(count)
    ]
