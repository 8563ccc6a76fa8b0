"""What explains events is counted where it lies: the right days, once, and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.signals.test_evidence import EVENT, dip, peak, post, tables
from tests.signals.worlds import term_row
from tests.steps.event_rows import comment, days_of, gathered
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query, tracker_zone_rows
from trendlab.steps.event_inputs import event_days, gather_items


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_tracker_with_a_peak_and_dips_is_counted_once(lake: Lake) -> None:
    one = gathered(lake, tables(), "peak")
    all_kinds = gathered(lake, tables(), "peak", "post", "comment")

    assert one["posts"].num_rows == 100
    for field in ("posts", "authors", "garments"):
        assert all_kinds[field].num_rows == one[field].num_rows
    words = {row["term"]: row for row in one["terms"].to_pylist()}
    # 50 users a day, on each of the 28 days before, and on the day itself
    assert (words["lovely"]["users"], words["lovely"]["past_users"]) == (50, 28 * 50)
    assert words["lovely"]["past_negatives"] == 28 * 2
    assert words["shame"]["past_users"] == 0


def test_the_past_of_authors_and_garments_ends_the_day_before(lake: Lake) -> None:
    given = tables()
    before = [
        post(500 + ago, "x", author="a1")["tracker_posts"]
        | {"day": EVENT - timedelta(days=ago)}
        for ago in (1, 28, 29)
    ]
    worn = [
        post(500 + ago, "x", author="a1")["garments"]
        | {"day": EVENT - timedelta(days=ago)}
        for ago in (1, 28, 29)
    ]
    given["tracker_posts"] = pa.concat_tables(
        [given["tracker_posts"], TABLES["tracker_posts"].from_rows(before)]
    )
    given["garments"] = pa.concat_tables(
        [given["garments"], TABLES["garments"].from_rows(worn)]
    )
    given["author_days"] = pa.concat_tables(
        [
            given["author_days"],
            given["author_days"]
            .slice(0, 1)
            .set_column(0, given["author_days"].schema.field("day"), pa.array([EVENT])),
        ]
    )

    found = gathered(lake, given, "peak")

    (counts,) = found["authors"].to_pylist()
    assert (counts["author_id"], counts["posts_count"]) == ("a1", 28)
    assert [row["garments_count"] for row in found["garments"].to_pylist()] == [2]
    assert found["posts"]["garments"].to_pylist().count(["boots"]) == 100


def test_the_past_of_homes_is_told_by_day_where_a_home_is_known(lake: Lake) -> None:
    given = tables()
    # author a1 has a post on each of the 40 days before
    (own,) = given["author_days"].slice(0, 1).to_pylist()
    untold = {"day": EVENT - timedelta(days=1), "author_id": "a2"}
    added = [own | more for more in ({"day": EVENT}, untold)]
    given["author_days"] = pa.concat_tables(
        [given["author_days"], TABLES["author_days"].from_rows(added)]
    )
    homes = pa.Table.from_pylist(
        [
            {"day": EVENT, "source": "mastodon", "author_id": author, **home}
            for author, home in (
                ("a1", {"home_city": "rome", "home_source": "posts"}),
                ("a2", {"home_city": "unknown", "home_source": "unknown"}),
            )
        ]
    )

    found = gather_items(
        lake.query, days_of("peak"), homes, tracker_zone_rows({}), given
    )["home_days"].to_pylist()

    assert {row["home_city"] for row in found} == {"rome"}
    assert sorted(row["posted_on"] for row in found) == [
        EVENT - timedelta(days=ago) for ago in range(28, 0, -1)
    ]
    assert {row["posts_count"] for row in found} == {1}


def test_words_of_posts_and_of_comments_and_of_unknown_authors_are_apart(
    lake: Lake,
) -> None:
    given = tables()
    before = EVENT - timedelta(days=1)
    known = term_row("shoes", before, "coat", 9, negatives=7, authors=4)
    nobody = term_row("shoes", before, "hat", 9, negatives=7, authors=0)
    said = {**term_row("shoes", before, "coat", 50), "item_kind": "comment"}
    given["term_days"] = TABLES["term_days"].from_rows([known, nobody, said])

    found = gathered(lake, given, "peak", "comment")["terms"].to_pylist()

    assert {
        (row["item_kind"], row["term"]): (row["past_users"], row["past_negatives"])
        for row in found
    } == {
        ("post", "coat"): (4, 4),
        ("post", "hat"): (9, 7),
        ("comment", "coat"): (50, 0),
    }


def test_excluded_posts_and_their_comments_are_left_out(lake: Lake) -> None:
    given = tables()
    kept, excluded = (
        post(700 + n, "x", author="a")["tracker_posts"]
        | {"day": EVENT - timedelta(days=ago), "is_excluded": ago == 3}
        for n, ago in enumerate((2, 3))
    )
    late = post(702, "x", author="a")["tracker_posts"] | {
        "day": EVENT - timedelta(days=29)
    }
    given["tracker_posts"] = TABLES["tracker_posts"].from_rows([kept, excluded, late])
    rows = [
        comment(1, post_id="p700", on=EVENT),
        comment(2, post_id="p700", on=EVENT - timedelta(days=1)),
        comment(3, post_id="p701", on=EVENT),
        comment(4, post_id="p702", on=EVENT),
    ]
    schema = TABLES["comments"].arrow
    given["comments"] = pa.Table.from_pylist(rows, schema=schema)

    found = gathered(lake, given, "comment")["comments"]

    assert found["item_id"].to_pylist() == ["c1"]


def test_a_comment_explains_the_local_day_that_it_counts_on(lake: Lake) -> None:
    """In New York 2 o'clock UTC is the day before, as in activity.sql."""
    given = tables()
    said = post(700, "x", author="a")["tracker_posts"] | {"day": EVENT}
    given["tracker_posts"] = TABLES["tracker_posts"].from_rows([said])
    rows = [
        comment(
            number,
            post_id="p700",
            on=EVENT + timedelta(days=ahead),
            at=datetime(EVENT.year, EVENT.month, EVENT.day, 2, tzinfo=UTC)
            + timedelta(days=ahead),
        )
        for number, ahead in enumerate((0, 1, 2))
    ]
    schema = TABLES["comments"].arrow
    given["comments"] = pa.Table.from_pylist(rows, schema=schema)

    zones = {str(said["tracker"]): "America/New_York"}
    found = gathered(lake, given, "comment", zones=zones)["comments"]

    assert found["item_id"].to_pylist() == ["c1"]


def test_what_no_event_asks_for_is_not_read(lake: Lake) -> None:
    asked: list[dict[str, object]] = []

    def query(sql, relations, params):
        asked.append(dict(relations))
        return lake.query(sql, relations, params)

    homes = TABLES["author_homes"].empty()
    gather_items(query, days_of("comment"), homes, tracker_zone_rows({}), tables())

    opened = {
        name
        for relations in asked
        for name, rows in relations.items()
        if rows.num_rows and name != "event_days"
    }
    assert opened == {"tracker_posts", "sentiment", "term_days"}


def running_peak(since: int, city: str = "all") -> pa.Table:
    return peak(start_on=EVENT - timedelta(days=since), city=city)


def test_events_that_began_together_share_a_row_and_old_ones_begin_later() -> None:
    peaks = pa.concat_tables(
        [
            peak(),
            peak(peak_id="of-likes", measure="likes_per_post"),
            running_peak(3),
            running_peak(99, "milan"),
        ]
    )
    dips = pa.concat_tables([dip("strike"), dip("shame"), dip(item_kind="comment")])

    rows = event_days(peaks, dips).to_pylist()

    assert [tuple(row.values())[1:] for row in rows] == [
        ("dip", "shoes", "all", "comment", EVENT, EVENT),
        ("dip", "shoes", "all", "post", EVENT, EVENT),
        ("peak", "shoes", "all", "post", EVENT - timedelta(days=3), EVENT),
        ("peak", "shoes", "all", "post", EVENT, EVENT),
        ("peak", "shoes", "milan", "post", EVENT - timedelta(days=56), EVENT),
    ]
    assert {row["day"] for row in rows} == {EVENT}


def test_of_a_running_peak_the_most_liked_posts_are_kept_and_of_a_city_some_words(
    lake: Lake,
) -> None:
    made = [
        post(number, f"text {number}", author="a", likes=number, city="milan")
        for number in range(30)
    ]
    ago = {number: 1 + number % 3 for number in range(30)}
    given = tables() | {
        name: TABLES[name].from_rows(
            [
                one[name] | {"day": EVENT - timedelta(days=ago[number])}
                for number, one in enumerate(made)
            ]
        )
        for name in ("posts", "tracker_posts", "sentiment")
    }
    running = event_days(
        pa.concat_tables([running_peak(2), running_peak(2, "milan")]),
        dip().slice(0, 0),
    )

    rows = lake.query(
        lake_query("peak_posts"),
        {
            "event_days": running,
            **{name: given[name] for name in ("posts", "tracker_posts", "sentiment")},
        },
        {"shown_posts": 2, "read_posts": 5},
    ).to_pylist()

    # numbers 0, 1, 3, 4 and so on are of the two days before the event's
    inside = [number for number in range(30) if ago[number] <= 2]
    for city, read_count in (("all", 0), ("milan", 5)):
        mine = [row for row in rows if row["city"] == city]
        assert {row["item_id"] for row in mine if row["is_shown"]} == {"p027", "p028"}
        read = [row for row in mine if row["is_read"]]
        assert len(read) == read_count
        assert {row["item_id"] for row in read} <= {f"p{n:03d}" for n in inside}
    drawn = sorted(row["hash_order"] for row in rows if row["is_read"])
    whole = gathered(lake, given | {"tracker_posts": of_today(given)}, "peak")["posts"]
    hashes = dict(
        zip(whole["item_id"].to_pylist(), whole["hash_order"].to_pylist(), strict=True)
    )
    assert drawn == sorted(hashes[f"p{number:03d}"] for number in inside)[:5]


def of_today(given: dict[str, pa.Table]) -> pa.Table:
    """Give the matched posts as if all were of the event's day."""
    matched = given["tracker_posts"]
    return matched.set_column(
        matched.schema.get_field_index("day"),
        matched.schema.field("day"),
        pa.array([EVENT] * matched.num_rows, pa.date32()),
    )
