"""Ingest of files: an upsert, with nothing lost and everything booked."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.steps.tweet_files import CHANGED, NOW, everything, now, state, tweet, tweets
from trendlab.errors import LakeLocked, SettingsError, TooManyRejected, UnknownFormat
from trendlab.lake import Lake
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.ingest_set import source_name
from trendlab.trackers import Tracker

CHANGED_AT = datetime.fromtimestamp(CHANGED, UTC)


def files_of(lake: Lake) -> dict[str, bytes]:
    return {
        str(path.relative_to(lake.root)): path.read_bytes()
        for path in sorted(lake.root.rglob("*.parquet"))
    }


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
    with pytest.raises(
        SettingsError, match="--tracker: expected a tracker of the tracker"
    ):
        ingest_paths(lake, [tmp_path], tracker="nope", clock=now)


def test_a_second_writer_is_refused(lake: Lake, tmp_path: Path):
    path = tweets(tmp_path / "t.csv", tweet(1))

    with Lake(lake.root).lock(), pytest.raises(LakeLocked):
        ingest_paths(lake, [path], clock=now)


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
