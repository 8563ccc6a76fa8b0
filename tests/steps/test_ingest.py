from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from trendlab.errors import (
    LakeLocked,
    SettingsError,
    TooManyRejected,
    UnknownFormat,
)
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.coverage import complete_edges, covered_days
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.ingest_set import source_name
from trendlab.trackers import Tracker

HEADER = "author_id,text,geo,created_at,retweets,replies,likes,quote_count\n"
CHANGED = 1_700_000_000
CHANGED_AT = datetime.fromtimestamp(CHANGED, UTC)
NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)


def now() -> datetime:
    return NOW


def tweet(number: int, at: str = "2021-12-03 10:00:00+00:00", likes: object = 3) -> str:
    return f'{number},"tweet {number} #ootd",,{at},1,2,{likes},0\n'


def tweets(path: Path, *lines: str, changed: int = CHANGED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(lines))
    os.utime(path, (changed, changed))
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def state(lake: Lake, *without: str) -> dict[tuple[str, date], str]:
    """Return the checksum of every partition."""
    return {
        (table, day): lake.fingerprint(table, day)
        for table in TABLES
        if TABLES[table].partition and table not in without
        for day in lake.days(table)
    }


def files_of(lake: Lake) -> dict[str, bytes]:
    return {
        str(path.relative_to(lake.root)): path.read_bytes()
        for path in sorted(lake.root.rglob("*.parquet"))
    }


def everything(lake: Lake, table: str) -> list[dict[str, Any]]:
    return [
        row for day in lake.days(table) for row in lake.read(table, day).to_pylist()
    ]


def test_posts_lie_under_the_utc_day_of_posting_and_readings_under_theirs(
    lake: Lake, tmp_path: Path
):
    path = tweets(
        tmp_path / "t.csv",
        tweet(1, "2021-12-03 23:30:00-02:00"),
        tweet(2, "2021-12-03 23:30:00+02:00"),
    )

    report = ingest_paths(lake, [path], clock=now)

    assert lake.days("posts") == [date(2021, 12, 3), date(2021, 12, 4)]
    assert lake.days("engagement") == [CHANGED_AT.date()]
    assert {row["observed_at"] for row in everything(lake, "engagement")} == {
        CHANGED_AT
    }
    assert report.lines()[0].startswith(
        f"{path}: csv:tweets as tweets: 2 read, 2 accepted, 0 refused; 2 new, 0 newer, "
        "2021-12-03 to 2021-12-04"
    )


def test_read_is_accepted_and_refused_and_the_book_says_so(lake: Lake, tmp_path: Path):
    lines = [tweet(number) for number in range(9)]
    path = tweets(tmp_path / "t.csv", *lines, tweet(9, "soon"), tweet(10, likes=-7))

    report = ingest_paths(lake, [path], clock=now)

    (book,) = everything(lake, "ingests")
    refused = everything(lake, "quarantine")
    assert (book["read_count"], book["accepted_count"], book["rejected_count"]) == (
        11,
        9,
        2,
    )
    assert [(row["row_number"], row["reason"]) for row in refused] == [
        (10, "created_at cannot be read as a time"),
        (11, "likes_count below 0"),
    ]
    assert all(row["path"] == str(path) for row in refused)
    assert "tweet 9" in refused[0]["payload"]
    assert {row["ingest_id"] for row in refused} == {book["ingest_id"]}
    assert book["day"] == NOW.date()
    assert report.sets[0].reasons == [
        ("created_at cannot be read as a time", 1),
        ("likes_count below 0", 1),
    ]


def test_reading_a_file_again_changes_not_one_byte(lake: Lake, tmp_path: Path):
    path = tweets(tmp_path / "t.csv", *map(tweet, range(9)), tweet(9, "soon"))
    ingest_paths(lake, [path], clock=now)
    before = files_of(lake)

    again = ingest_paths(lake, [path], clock=lambda: NOW + timedelta(days=1))

    assert files_of(lake) == before
    assert again.sets[0].is_known
    assert again.total("read_count") == 10
    assert "ingested before, nothing to do" in again.lines()[0]


def test_forcing_it_changes_nothing_but_the_book(lake: Lake, tmp_path: Path):
    path = tweets(tmp_path / "t.csv", *map(tweet, range(9)), tweet(9, "soon"))
    ingest_paths(lake, [path], clock=now)
    before = files_of(lake)

    again = ingest_paths(
        lake, [path], clock=lambda: NOW + timedelta(days=1), is_forced=True
    )

    added = set(files_of(lake)) - set(before)
    assert {name.split("/")[0] for name in added} == {"ingests"}
    assert before.items() <= files_of(lake).items()
    assert (again.total("added_count"), again.total("updated_count")) == (0, 0)


def test_a_copy_of_a_file_adds_nothing(lake: Lake, tmp_path: Path):
    ingest_paths(lake, [tweets(tmp_path / "a.csv", *map(tweet, range(9)))], clock=now)
    before = state(lake, "ingests")

    copy = ingest_paths(
        lake, [tweets(tmp_path / "b.csv", *map(tweet, range(9)))], clock=now
    )

    assert state(lake, "ingests") == before
    assert copy.total("added_count") == 0


def test_a_newer_reading_of_a_known_post_adds_a_reading(lake: Lake, tmp_path: Path):
    path = tmp_path / "t.csv"
    ingest_paths(lake, [tweets(path, tweet(1, likes=3))], clock=now)

    later = CHANGED + 86_400
    report = ingest_paths(
        lake, [tweets(path, tweet(1, likes=8), changed=later)], clock=now
    )

    assert report.total("updated_count") == 1
    assert [row["likes_count"] for row in everything(lake, "posts")] == [8]
    assert [row["likes_count"] for row in everything(lake, "engagement")] == [3, 8]


def test_an_older_reading_that_comes_late_does_not_replace_a_newer_one(
    lake: Lake, tmp_path: Path
):
    path = tmp_path / "t.csv"
    later = CHANGED + 86_400
    ingest_paths(lake, [tweets(path, tweet(1, likes=8), changed=later)], clock=now)
    ingest_paths(lake, [tweets(path, tweet(1, likes=3))], clock=now)

    assert [row["likes_count"] for row in everything(lake, "posts")] == [8]
    assert [row["likes_count"] for row in everything(lake, "engagement")] == [3, 8]


def test_too_many_refused_keeps_nothing_but_loses_nothing(lake: Lake, tmp_path: Path):
    bad = tweets(tmp_path / "bad.csv", tweet(1), tweet(2, "soon"), tweet(3, "never"))
    good = tweets(tmp_path / "good.csv", tweet(4))

    with pytest.raises(TooManyRejected, match=r"2 of 3 were: created_at") as caught:
        ingest_paths(lake, [bad, good], clock=now)

    assert "at most 20%" in str(caught.value)
    assert [row["author_id"] for row in everything(lake, "posts")] == ["4"]
    assert len(everything(lake, "quarantine")) == 2
    assert sorted(row["rejected_count"] for row in everything(lake, "ingests")) == [
        0,
        2,
    ]


def test_what_failed_can_be_read_again_with_a_larger_allowance(
    lake: Lake, tmp_path: Path
):
    path = tweets(tmp_path / "t.csv", tweet(1), tweet(2, "soon"))
    for _ in range(2):
        with pytest.raises(TooManyRejected):
            ingest_paths(lake, [path], clock=now)

    report = ingest_paths(lake, [path], clock=now, max_rejected_share=0.5)

    assert report.total("added_count") == 1
    assert len(everything(lake, "posts")) == 1


def test_a_file_of_a_header_only_is_read_and_holds_nothing(lake: Lake, tmp_path: Path):
    report = ingest_paths(lake, [tweets(tmp_path / "t.csv")], clock=now)

    assert report.total("read_count") == 0
    assert lake.days("posts") == []
    assert len(everything(lake, "ingests")) == 1


def test_nothing_is_written_when_a_format_cannot_be_told(lake: Lake, tmp_path: Path):
    good = tweets(tmp_path / "t.csv", tweet(1))
    (tmp_path / "x").write_text("words")

    with pytest.raises(UnknownFormat):
        ingest_paths(lake, [good, tmp_path / "x"], clock=now)

    assert state(lake) == {}


def test_posts_collected_for_a_tracker_are_stored_as_its_own(
    lake: Lake, tmp_path: Path
):
    path = tweets(tmp_path / "t.csv", tweet(1))
    coco = Tracker(name="coco-c", keywords=["chanel"])

    report = ingest_paths(
        lake, [path], trackers=[coco], tracker="coco-c", source="brand", clock=now
    )

    assert report.sets[0].source == "brand__coco_c"
    (covered,) = everything(lake, "coverage")
    assert (covered["tracker"], covered["source"]) == ("coco-c", "brand__coco_c")
    assert covered["tracker_version"] == coco.version


@pytest.mark.parametrize(
    ("base", "tracker", "is_given", "expected"),
    [
        ("tweets", None, False, "tweets"),
        ("tweets", Tracker(name="a", keywords=["x"]), False, "tweets__a"),
        ("tweets", Tracker(name="a", sources=["insta"]), False, "insta"),
        ("tweets", Tracker(name="a", sources=["insta"]), True, "tweets__a"),
        ("insta", Tracker(name="a", sources=["insta", "b"]), True, "insta"),
        ("tweets__a", Tracker(name="a"), True, "tweets__a"),
    ],
)
def test_the_source_says_which_tracker_its_posts_belong_to(
    base: str, tracker: Tracker | None, is_given: bool, expected: str
):
    assert source_name(base, tracker, is_given=is_given) == expected


@pytest.mark.parametrize("base", ["Tweets", "a" * 41, "a b", "x__other", "x_"])
def test_a_source_name_that_cannot_be_is_misuse(base: str):
    with pytest.raises(SettingsError, match="--source"):
        source_name(base, Tracker(name="a"), is_given=True)


def test_an_unknown_tracker_is_misuse(lake: Lake, tmp_path: Path):
    with pytest.raises(SettingsError, match="--tracker: expected one of"):
        ingest_paths(lake, [tmp_path], tracker="nope", clock=now)


def test_a_second_writer_is_refused(lake: Lake, tmp_path: Path):
    path = tweets(tmp_path / "t.csv", tweet(1))

    with Lake(lake.root).lock(), pytest.raises(LakeLocked):
        ingest_paths(lake, [path], clock=now)


def test_days_between_posts_are_covered_and_edges_are_partial():
    days = [date(2026, 1, 1), date(2026, 1, 3), date(2026, 3, 1)]

    assert covered_days(days) == {
        date(2026, 1, 1): "partial",
        date(2026, 1, 2): "complete",
        date(2026, 1, 3): "partial",
        # 56 days without a post say nothing of the days between
        date(2026, 3, 1): "partial",
    }
    assert covered_days([]) == {}


def test_a_day_that_was_complete_stays_complete(lake: Lake, tmp_path: Path):
    days = [f"2021-12-0{day} 10:00" for day in (1, 2, 3, 4)]
    ingest_paths(
        lake, [tweets(tmp_path / "a.csv", *map(tweet, range(3), days[:3]))], clock=now
    )
    ingest_paths(
        lake,
        [
            tweets(
                tmp_path / "b.csv",
                tweet(1, days[1]),
                tweet(9, days[3]),
                changed=CHANGED + 9,
            )
        ],
        clock=now,
    )

    status = {row["day"].day: row["status"] for row in everything(lake, "coverage")}
    assert status == {1: "partial", 2: "complete", 3: "complete", 4: "partial"}


def test_a_folder_of_profiles_is_one_ingest(lake: Lake, tmp_path: Path):
    for name in ("ana", "ben"):
        post = {
            "url": f"https://www.instagram.com/p/{name}/",
            "date": "2017-04-30",
            "numberLikes": 5,
            "urlImage": "https://x.org/a.jpg",
            "description": "#hi",
        }
        path = tmp_path / "profiles" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({"alias": name, "numberFollowers": 7, "posts": [post]})
        )

    report = ingest_paths(lake, [tmp_path / "profiles"], clock=now)

    assert [(one.format, one.read_count) for one in report.sets] == [
        ("instagram_profiles", 4)
    ]
    assert len(everything(lake, "authors")) == 2
    assert len(everything(lake, "media")) == 2
    assert len(everything(lake, "ingests")) == 1


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


def times(day: date, hours: list[float]) -> pa.ChunkedArray:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return pa.chunked_array(
        [pa.array([midnight + timedelta(hours=hour) for hour in hours])]
    )


def test_an_edge_day_is_complete_where_its_posts_reach_midnight():
    first, last = date(2021, 12, 2), date(2021, 12, 4)
    whole = [place * 24 / 500 for place in range(500)]
    until_noon = [hour for hour in whole if hour < 12]
    known = {first: times(first, whole), last: times(last, until_noon)}
    settled = complete_edges(covered_days([first, last]), known.__getitem__)
    assert settled[first] == "complete"
    assert settled[last] == "partial"


def test_an_edge_day_with_few_posts_stays_partial():
    day = date(2021, 12, 2)
    settled = complete_edges(covered_days([day]), lambda _: times(day, [0.1, 23.9]))
    assert settled == {day: "partial"}
