"""A peak of several days is explained as a whole, against the days before it began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.signals.event_worlds import gather
from tests.signals.test_evidence import NO_HOMES, dip, named, peak, post
from tests.signals.worlds import activity_rows, day, term_row
from trendlab.schemas import TABLES
from trendlab.signals.evidence import Explained, explain_dips, explain_peaks
from trendlab.steps.event_inputs import event_days

# 28 usual days, and a peak of three.
FIRST, START, LAST = 10, 38, 40
TRACKER = "shoes"


@dataclass(frozen=True)
class Post:
    """A post as the world below has it."""

    on: int
    author: str | None
    text: str = "lovely shoes"
    city: str = "paris"
    likes: int = 1
    garment: str = "boots"
    is_negative: bool = False


def usual_days() -> list[Post]:
    """Twenty authors, a post a day each, in the 28 days and in the peak."""
    return [
        Post(on, f"a{number}") for on in range(FIRST, LAST + 1) for number in range(20)
    ]


def strangers(on: int, count: int, **more: object) -> list[Post]:
    """Posts of a peak by authors who write but once."""
    made = [Post(on, f"new{on}x{number}") for number in range(count)]
    return [replace(each, **more) for each in made]


def three_days() -> list[Post]:
    """A peak that `star` began with twelve posts, and that a regular rode on."""
    posts = [*usual_days(), *strangers(38, 15, text="queue"), *strangers(40, 15)]
    posts += strangers(39, 15, text="queue again")
    for on in (38, 39, 40):
        # a regular: a post a day, and four more on each day of the peak
        posts += [Post(on, "a0") for _ in range(4)]
    posts += [
        Post(38, "star", f"strike shame n{number}", "milan", 90 + number, "coat")
        for number in range(12)
    ]
    return [*posts, Post(39, "star", "strike again", "milan", 5, "coat")]


def tables_of(posts: Iterable[Post]) -> dict[str, pa.Table]:
    """Write the lake's tables that hold these posts, and what is counted of them."""
    posts = list(posts)
    made = [
        {
            name: {**row, "day": day(each.on)}
            for name, row in post(
                number,
                each.text,
                author=each.author,
                likes=each.likes,
                negative=each.is_negative,
                city=each.city,
            ).items()
        }
        for number, each in enumerate(posts)
    ]
    for row, each in zip(made, posts, strict=True):
        row["garments"]["category"] = each.garment
        row["posts"]["created_at"] = datetime.combine(
            day(each.on), datetime.min.time(), UTC
        )
    tables = {
        name: TABLES[name].from_rows([row[name] for row in made])
        for name in ("posts", "tracker_posts", "sentiment", "garments")
    }
    by_day = {
        (TRACKER, city): [
            sum(each.on == on and city in ("all", each.city) for each in posts)
            for on in range(LAST + 1)
        ]
        for city in ("all", *sorted({each.city for each in posts}))
    }
    bad = {
        (TRACKER, city): [
            sum(
                each.on == on and each.is_negative and city in ("all", each.city)
                for each in posts
            )
            for on in range(LAST + 1)
        ]
        for _, city in by_day
    }
    wrote = Counter((each.on, each.author) for each in posts if each.author)
    negative = Counter((each.on, each.author) for each in posts if each.is_negative)
    used = {
        (each.on, word, each.author, each.is_negative)
        for each in posts
        for word in each.text.split()
    }
    users = Counter((on, word) for on, word, _, _ in used)
    unkind = Counter((on, word) for on, word, _, is_negative in used if is_negative)
    return {
        **tables,
        "comments": TABLES["comments"].empty(),
        "activity": activity_rows(by_day, negatives=bad),
        "term_days": TABLES["term_days"].from_rows(
            [
                term_row(
                    TRACKER,
                    day(on),
                    word,
                    count,
                    authors=count,
                    negatives=unkind[on, word],
                )
                for (on, word), count in users.items()
            ]
        ),
        "author_days": TABLES["author_days"].from_rows(
            [
                {
                    "day": day(on),
                    "tracker": TRACKER,
                    "source": "mastodon",
                    "author_id": author,
                    "author_handle": f"h_{author}",
                    "city": "paris",
                    "posts_count": count,
                    "likes_known_count": count,
                    "likes_count": count,
                    "comments_count": 0,
                    "negative_count": negative[on, author],
                    "scored_count": count,
                    "run_id": "run",
                }
                for (on, author), count in wrote.items()
            ]
        ),
    }


def test_peaks_of_two_measures_are_told_alike_and_one_of_another_start_is_not() -> None:
    begun = {"of-posts": START, "of-likes": START, "late": LAST}
    peaks = pa.concat_tables(
        [
            peak(
                peak_id=name,
                measure="likes_per_post" if name == "of-likes" else "posts",
                day=day(LAST),
                start_on=day(since),
                apex_on=day(LAST),
                end_on=day(LAST),
            )
            for name, since in begun.items()
        ]
    )
    inputs = gather(
        event_days(peaks, dip().slice(0, 0)),
        tables_of(three_days()),
        author_homes=NO_HOMES,
        city_names={},
    )

    explained = explain_peaks(peaks, inputs, run_ids={day(LAST): "run"})

    for rows in (explained.evidence, explained.event_authors):
        told = {
            name: rows.filter(pc.equal(rows["event_id"], name)).drop(["event_id"])
            for name in begun
        }
        assert told["of-posts"].num_rows > 0
        assert told["of-likes"].equals(told["of-posts"])
        assert not told["late"].equals(told["of-posts"])


def explain(
    posts: Iterable[Post], on: int = LAST, city: str = "all", until: int = LAST
) -> Explained:
    """Explain the peak that began on the first day, as of one of its days.

    From a lake that was filled until a day.
    """
    filled = {
        name: rows.filter(pc.less_equal(rows["day"], pa.scalar(day(until))))
        for name, rows in tables_of(posts).items()
    }
    return explain_tables(filled, on, city)


def explain_tables(
    tables: Mapping[str, pa.Table], on: int = LAST, city: str = "all"
) -> Explained:
    """Explain that peak from tables of the lake."""
    rows = peak(
        day=day(on), start_on=day(START), apex_on=day(on), end_on=day(on), city=city
    )
    inputs = gather(
        event_days(rows, dip().slice(0, 0)),
        tables,
        author_homes=NO_HOMES,
        city_names={},
    )
    return explain_peaks(rows, inputs, run_ids={day(on): "run"})


def counts(explained: Explained, kind: str) -> dict[str, tuple[float, float]]:
    """Give observed and expected of the rows of a kind, by item."""
    return {
        row["item"]: (row["observed"], row["expected"])
        for row in explained.evidence.to_pylist()
        if row["evidence_kind"] == kind
    }


def test_who_drove_the_first_day_is_named_on_the_third() -> None:
    explained = explain(three_days())

    assert named(explained.evidence, "author") == ["mastodon:star", "mastodon:a0"]
    labels = [
        row["label"]
        for row in explained.evidence.to_pylist()
        if row["evidence_kind"] == "author"
    ]
    # star has no post on the third day: the handle is that of the days before
    assert labels == ["h_star", "h_a0"]


def test_the_usual_is_of_before_the_peak_and_of_as_many_days() -> None:
    """a0 wrote a post on each of 28 days, and five on each of three."""
    assert counts(explain(three_days()), "author") == {
        "mastodon:star": (13.0, 0.0),
        "mastodon:a0": (15.0, pytest.approx(3.0)),
    }
    assert counts(explain(three_days(), on=START), "author") == {
        "mastodon:star": (12.0, 0.0),
        "mastodon:a0": (5.0, pytest.approx(1.0)),
    }


def test_cities_and_garments_are_counted_on_all_days_of_the_peak() -> None:
    explained = explain(three_days())

    # 20 + 15 + 4 posts in Paris on each day, where 20 are usual
    assert counts(explained, "city") == {
        "milan": (13.0, 0.0),
        "paris": (117.0, pytest.approx(60.0)),
    }
    # all 560 garments of the 28 days were boots
    assert counts(explained, "garment") == {"coat": (13.0, 0.0)}


def test_words_count_authors_once_a_day_and_posts_of_every_day_are_shown() -> None:
    explained = explain(three_days())

    words = counts(explained, "word")
    # fifteen strangers on each of two days, and star on one, whose strike is one of two
    assert words["queue"] == (30.0, 0.0)
    assert words["again"] == (16.0, 0.0)
    assert "n3" not in words
    shown = [
        row for row in explained.evidence.to_pylist() if row["evidence_kind"] == "post"
    ]
    assert [row["observed"] for row in shown] == [*range(101, 91, -1)]
    assert shown[0]["label"] == "strike shame n11"
    assert shown[0]["url"] == f"https://example.org/{shown[0]['item']}"


def test_words_are_held_against_the_posts_of_as_many_days() -> None:
    """Among 131 posts as many say lovely as among 131 of the 560 before."""
    posts = [each for each in usual_days() if each.on < START or each.author != "a1"]
    posts += [
        replace(each, text="red coats")
        for on in (38, 39, 40)
        for each in strangers(on, 20)
    ]
    posts += [Post(on, "a1", "red") for on in range(FIRST, START)]

    words = counts(explain(posts), "word")

    # red: a post a day of 21 before; 60 of 117 in the peak
    assert words["red"] == (60.0, pytest.approx(28 * 117 / (28 * 21)))


def test_a_peak_of_one_city_counts_its_posts_of_all_days() -> None:
    there = [
        *strangers(38, 6, text="sale", city="milan", garment="coat"),
        *strangers(39, 7, text="sale", city="milan", garment="coat"),
    ]
    explained = explain([*three_days(), *there], city="milan", on=39)

    assert counts(explained, "author") == {"mastodon:star": (13.0, 0.0)}
    # read from the posts, since words are not stored by city; strike is one author's
    assert counts(explained, "word") == {"sale": (13.0, 0.0)}
    assert counts(explained, "garment") == {"coat": (26.0, 0.0)}
    (made_by,) = explained.event_authors.to_pylist()
    assert made_by["known_share"] == 1.0
    assert made_by["top_share"] == pytest.approx(13 / 26)


def test_a_peak_tells_how_few_authors_made_all_its_days() -> None:
    nobody = [Post(38, None, f"unknown {number}") for number in range(29)]
    posts = [*three_days(), *nobody]

    (made_by,) = explain(posts).event_authors.to_pylist()

    known = 3 * (20 + 15 + 4) + 13
    assert made_by["authors_count"] == 20 + 3 * 15 + 1
    assert made_by["known_share"] == pytest.approx(known / (known + 29))
    # 13 of star, 12 of a0, one each of 45 strangers
    assert made_by["top_share"] == pytest.approx(13 / (13 + 12 + 45))


@pytest.mark.parametrize("city", ["all", "milan"])
def test_a_day_of_a_peak_knows_nothing_of_later_days(city: str) -> None:
    later = Post(40, "star", "strike", "milan", 999, "coat")
    posts = [*three_days(), later]

    now = explain(posts, on=39, city=city)
    then = explain(posts, on=39, city=city, until=39)

    assert counts(now, "author")["mastodon:star"] == (13.0, 0.0)
    assert now == then


def test_a_quiet_day_that_a_peak_steps_over_counts_in_both() -> None:
    """On the 39th nobody but the regulars wrote."""
    posts = [*usual_days(), *strangers(38, 20), *strangers(40, 20)]
    posts += [Post(on, "star") for on in (38, 40) for _ in range(4)]

    explained = explain(posts)

    assert counts(explained, "city") == {"paris": (108.0, pytest.approx(60.0))}
    assert counts(explained, "author") == {"mastodon:star": (8.0, 0.0)}


def test_days_without_any_post_are_no_usual_days() -> None:
    """Of the 28 before only 14 have posts; a post a day is usual all the same."""
    posts = [each for each in three_days() if each.on >= START or each.on % 2]

    assert counts(explain(posts), "author")["mastodon:a0"] == (
        15.0,
        pytest.approx(3.0),
    )


def test_days_with_comments_alone_are_no_usual_days_and_no_days_of_a_peak() -> None:
    """Comments follow for weeks, so such a day may have had posts that nobody has."""
    quiet = {*range(FIRST, START, 2), 39}
    posts = [each for each in three_days() if each.on not in quiet]
    tables = tables_of(posts)
    commented = [
        {**row, "day": day(on), "posts_count": 0, "comment_scored_count": 5}
        for row in tables["activity"].slice(0, 1).to_pylist()
        for on in quiet
    ]
    tables["activity"] = pa.concat_tables(
        [tables["activity"], TABLES["activity"].from_rows(commented)]
    )

    told = explain_tables(tables)

    # a post a day on 14 days is usual; five on each of two days of the peak
    assert counts(told, "author")["mastodon:a0"] == (10.0, pytest.approx(2.0))
    assert told == explain(posts)


def test_a_dip_is_counted_on_its_day_against_the_days_before_it_began() -> None:
    """An angry author: one negative in four days before, five on each of three."""
    posts = usual_days()
    posts += [Post(on, "cross", "shame", is_negative=True) for on in range(10, 38, 4)]
    posts += [
        Post(on, "cross", f"shame {on} {number}", is_negative=True)
        for on in (38, 39, 40)
        for number in range(5)
    ]
    rows = dip()
    start = rows.schema.get_field_index("start_on")
    rows = rows.set_column(
        start, rows.schema.field(start), pa.array([day(START)], pa.date32())
    )
    inputs = gather(
        event_days(peak().slice(0, 0), rows),
        tables_of(posts),
        author_homes=NO_HOMES,
        city_names={},
    )

    explained = explain_dips(rows, inputs, run_ids={day(LAST): "run"})

    assert counts(explained, "author") == {"mastodon:cross": (5.0, pytest.approx(0.25))}
    assert counts(explained, "city") == {"paris": (5.0, pytest.approx(0.25))}
    shown = {
        row["label"]
        for row in explained.evidence.to_pylist()
        if row["evidence_kind"] == "post"
    }
    assert shown == {f"shame 40 {number}" for number in range(5)}
