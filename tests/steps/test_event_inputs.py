"""What explains events is counted where it lies: the right days, once, and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.signals.test_dips import KEY, dips_of
from tests.signals.test_evidence import EVENT, dip, peak, post, tables
from tests.signals.worlds import activity_rows, day, term_row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query, tracker_zone_rows
from trendlab.steps import event_inputs
from trendlab.steps.event_inputs import batches_of, event_days, gather_items


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def days_of(*kinds: str) -> pa.Table:
    peaks = peak() if "peak" in kinds else peak().slice(0, 0)
    dips = [dip(item_kind=kind) for kind in kinds if kind != "peak"]
    return event_days(peaks, pa.concat_tables([dip().slice(0, 0), *dips]))


def gathered(
    lake: Lake,
    given: dict[str, pa.Table],
    *kinds: str,
    zones: dict[str, str] | None = None,
) -> dict[str, pa.Table]:
    return gather_items(
        lake.query,
        days_of(*kinds),
        TABLES["author_homes"].empty(),
        tracker_zone_rows(zones or {}),
        given,
    )


def comment(
    number: int, *, post_id: str, on: date, at: datetime | None = None
) -> dict[str, object]:
    return {
        "day": on,
        "source": "mastodon",
        "comment_id": f"c{number}",
        "post_id": post_id,
        "created_at": at,
        "text": "shame",
        "observed_at": None,
    }


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


def without_authors(activity: pa.Table) -> pa.Table:
    """The same with posts of unknown authors only."""
    at = activity.schema.get_field_index("authors_count")
    none = pa.array([0] * activity.num_rows)
    return activity.set_column(at, activity.schema.field(at), none)


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


def test_earlier_days_of_a_running_peak_fill_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 100 posts of a day before as many are kept, and their authors count 20."""
    monkeypatch.setattr(event_inputs, "MAX_ITEMS", 450)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 60}))
    no_dips = dip().slice(0, 0)
    single = [peak(day=day(n), start_on=day(n)) for n in range(40, 44)]
    running = [peak(day=day(n), start_on=day(40)) for n in range(40, 44)]

    batches = [
        [len(batch) for batch in batches_of(event_days(peaks, no_dips), activity)]
        for peaks in map(pa.concat_tables, (single, running))
    ]

    # a batch takes days on while less than 450 are read after its first
    assert batches == [[4], [2, 1, 1]]


def test_batches_hold_every_event_day_once_and_few_posts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_inputs, "MAX_ITEMS", 250)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 12}))
    # a day without posts, as of a peak that runs on over a gap
    on = [0, 1, 2, 5, 9, 13]
    events = pa.concat_tables([peak(day=day(number)) for number in on])

    batches = batches_of(event_days(events, dip().slice(0, 0)), activity)

    assert [batch["day"].to_pylist() for batch in batches] == [
        [day(0), day(1), day(2)],
        [day(5)],
        [day(9), day(13)],
    ]
    assert batches_of(days_of(), activity) == []


def test_comments_fill_a_batch_where_an_event_is_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_inputs, "MAX_ITEMS", 250)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 6}))
    said = activity.schema.get_field_index("comment_scored_count")
    activity = activity.set_column(
        said, activity.schema.field(said), pa.array([200] * 6)
    )
    peaks = pa.concat_tables([peak(day=day(number)) for number in range(3)])
    of_comments = dip(item_kind="comment")

    of_posts = event_days(peaks, of_comments.slice(0, 0))
    assert len(batches_of(of_posts, activity)) == 1
    batches = batches_of(event_days(peaks, of_comments), activity)
    on = [batch["day"].to_pylist() for batch in batches]
    assert on[:3] == [[day(0)], [day(1)], [day(2)]]


def test_authors_of_the_days_before_fill_a_batch_where_an_event_is_of_posts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """28 days of 100 authors are 2,800 rows of the past, which count as 560 items."""
    monkeypatch.setattr(event_inputs, "MAX_ITEMS", 1_500)
    activity = activity_rows({("shoes", "all"): [100.0] * 60})
    on = list(range(40, 46))
    peaks = pa.concat_tables(
        [peak(day=day(number), start_on=day(number)) for number in on]
    )
    no_dips = dip().slice(0, 0)

    # two days more are 200 posts and 1,120 of the past
    of_posts = batches_of(event_days(peaks, no_dips), activity)
    assert [len(batch) for batch in of_posts] == [3, 3]
    unknown = batches_of(event_days(peaks, no_dips), without_authors(activity))
    assert [len(batch) for batch in unknown] == [6]
    dips = pa.concat_tables([dip(item_kind="comment")] * len(on))
    dips = dips.set_column(0, dips.schema.field("day"), peaks["day"])
    of_comments = batches_of(event_days(peaks.slice(0, 0), dips), activity)
    assert [len(batch) for batch in of_comments] == [6]


def test_events_of_a_day_stay_in_one_batch_however_many_authors_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_inputs, "MAX_ITEMS", 1)
    series = {(tracker, "all"): [100.0] * 40 for tracker in ("bags", "shoes")}
    peaks = pa.concat_tables(
        [
            peak(day=day(number), tracker=tracker)
            for number in (35, 36)
            for tracker in ("bags", "shoes")
        ]
    )
    batches = batches_of(event_days(peaks, dip().slice(0, 0)), activity_rows(series))

    assert [batch["day"].to_pylist() for batch in batches] == [
        [day(35)] * 2,
        [day(36)] * 2,
    ]


def test_only_words_that_can_be_a_topic_are_read(lake: Lake) -> None:
    """A dip is the same from all words of the days and from those picked."""
    days, first = 100, 84
    bad = [150.0] * days
    activity = activity_rows({KEY: [3000.0] * days}, negatives={KEY: bad})
    rows = [
        term_row(KEY[0], day(number), word, count, negatives=negatives)
        for number in range(days)
        for word, count, negatives in (
            ("advent", 400 if number == 95 else 20, 300 if number == 95 else 1),
            ("shoes", 500, 25),
            ("rare", 3, 1),
        )
    ]
    every = TABLES["term_days"].from_rows(rows)
    produced = every.filter(
        pa.array([day(first) <= on for on in every["day"].to_pylist()])
    )
    picked = lake.query(
        lake_query("topic_terms"),
        {"term_days": every, "produced_days": produced},
        {"min_scored": 30},
    )

    assert set(picked["term"].to_pylist()) == {"advent", "shoes"}
    assert picked.num_rows == 2 * days
    whole = dips_of(activity, first, days - 1, terms=every)
    assert whole["topic"].to_pylist() == ["advent"]
    assert dips_of(activity, first, days - 1, terms=picked).equals(whole)


def test_a_topic_of_a_day_is_the_same_in_a_range_and_alone(lake: Lake) -> None:
    """Words that another day of the range has enough of change nothing here."""
    last = 95
    activity = activity_rows({KEY: [1000.0] * 97}, negatives={KEY: [50.0] * 97})
    rows = [
        term_row(
            KEY[0],
            day(number),
            "advent",
            40 if number == last else 22,
            negatives=24 if number == last else 1,
        )
        for number in range(last + 1)
    ]
    rows += [
        term_row(KEY[0], day(number), f"word{each}", count)
        for number, count in ((last - 1, 40), (last, 2))
        for each in range(300)
    ]
    every = TABLES["term_days"].from_rows(rows)

    def dips_from(first: int) -> pa.Table:
        produced = [day(first) <= on <= day(last) for on in every["day"].to_pylist()]
        picked = lake.query(
            lake_query("topic_terms"),
            {"term_days": every, "produced_days": every.filter(pa.array(produced))},
            {"min_scored": 30},
        )
        return dips_of(activity, first, last, terms=picked)

    alone = dips_from(last)
    assert alone["topic"].to_pylist() == ["advent"]
    assert dips_from(last - 5).equals(alone)
