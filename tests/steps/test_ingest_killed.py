"""Ingest of files: killed, chunked or hopeless, the lake ends the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.steps.tweet_files import NOW, everything, now, state, tweet, tweets
from trendlab.errors import TooManyRejected
from trendlab.lake import Lake
from trendlab.steps.ingest import ingest_paths


class KilledError(Exception):
    """Stands for a kill: the process does nothing more."""


class MortalLake(Lake):
    """A lake whose writer is killed before its n-th write."""

    def __init__(self, root: Path, writes_left: int) -> None:
        super().__init__(root)
        self.writes_left = writes_left

    def write_many(
        self, table: str, parts: Mapping[date, pa.Table], *, source: str | None = None
    ) -> None:
        for day, rows in parts.items():
            if self.writes_left == 0:
                raise KilledError
            self.writes_left -= 1
            super().write_many(table, {day: rows}, source=source)


def kills(
    lake_of: Callable[[int], MortalLake], run: Callable[[Lake], object]
) -> Iterator[MortalLake]:
    """Yield lakes killed before their first, second, … write, until one lives."""
    for writes in range(1_000):
        lake = lake_of(writes)
        try:
            run(lake)
        except KilledError:
            yield lake
        else:
            return


def test_killed_before_any_write_and_run_again_the_lake_is_the_same(tmp_path: Path):
    days = [f"2021-12-0{day} 10:00" for day in (1, 2, 2, 5)]
    lines = [*map(tweet, range(4), days), *map(tweet, range(10, 16)), tweet(9, "soon")]
    path = tweets(tmp_path / "t.csv", *lines)
    undisturbed = Lake(tmp_path / "undisturbed")
    ingest_paths(undisturbed, [path], clock=now)

    count = 0
    for killed in kills(
        lambda writes: MortalLake(tmp_path / f"lake{writes}", writes),
        lambda lake: ingest_paths(lake, [path], clock=now),
    ):
        count += 1
        again = Lake(killed.root)
        # the next morning: what was refused stays under the day it was first refused
        ingest_paths(again, [path], clock=lambda: NOW + timedelta(days=1))
        assert state(again, "ingests") == state(undisturbed, "ingests")
        (book,) = everything(again, "ingests")
        (expected,) = everything(undisturbed, "ingests")
        assert {**book, "day": NOW.date(), "observed_at": NOW} == expected
        assert not list((again.root / ".pending").iterdir())

    assert count > 10


def test_rows_survive_in_the_order_of_any_chunks(lake: Lake, tmp_path: Path):
    # more than one page of 5,000 records, days mixed
    lines = [
        tweet(number, f"2021-12-{number % 28 + 1:02d} 10:00")
        for number in range(12_000)
    ]
    path = tweets(tmp_path / "t.csv", *lines)

    report = ingest_paths(lake, [path], clock=now)

    posts = lake.read_range("posts", date(2021, 12, 1), date(2021, 12, 31))
    assert report.total("added_count") == 12_000
    assert posts.num_rows == 12_000
    assert pc.count_distinct(posts["author_id"]).as_py() == 12_000
    assert not list((lake.root / ".tmp").iterdir())


def test_reading_a_hopeless_file_ends_early(lake: Lake, tmp_path: Path):
    path = tweets(tmp_path / "t.csv", *(tweet(n, "soon") for n in range(16_000)))

    with pytest.raises(TooManyRejected):
        ingest_paths(lake, [path], clock=now)

    (book,) = everything(lake, "ingests")
    assert book["read_count"] == book["rejected_count"] == 10_000
