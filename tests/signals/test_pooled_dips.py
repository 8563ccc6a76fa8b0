"""A dip that was pooled over days is explained by all of them, and by no other day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.signals.event_worlds import gather
from tests.signals.test_evidence import EVENT, NO_HOMES, dip, post, tables
from tests.signals.worlds import activity_rows, day
from trendlab.schemas import TABLES
from trendlab.signals.event_items import pooled_from
from trendlab.signals.evidence import Explained, explain_dips
from trendlab.steps.event_inputs import event_days

POOLED_DAYS = 3
CITY = "oslo"
Rows = dict[str, dict[str, Any]]


def said(number: int, ago: int, author: str, city: str = CITY, **more: Any) -> Rows:
    """Give a negative post of so many days before the event, as it is stored."""
    made = post(number, f"late parcel{number}", author=author, city=city,
                **{"negative": True, **more})  # fmt: skip
    return dated(made, ago)


def comment(number: int, ago: int, on_post: int, label: str) -> Rows:
    item = {"source": "mastodon", "post_id": f"p{on_post:03d}"}
    made = {
        "comments": {
            **item, "comment_id": f"c{number}", "author_id": f"w{number}",
            "text": f"broken {number}", "created_at": None, "observed_at": None,
        },
        "sentiment": {
            **item, "item_kind": "comment", "item_id": f"c{number}", "language": "en",
            "language_confidence": 1.0, "is_scored": True, "label": label,
            "compound": -0.5, "model_name": "v", "model_version": "1", "run_id": "run",
        },
    }  # fmt: skip
    return dated(made, ago)


def dated(made: Rows, ago: int) -> Rows:
    on = EVENT - timedelta(days=ago)
    for row in made.values():
        row["day"] = on
        for name in {"created_at", "observed_at"} & set(row):
            row[name] = datetime.combine(on, time(12), UTC)
    return made


def pooled(**changes: object) -> pa.Table:
    """Give a dip of a small city whose worst day was pooled with the two before."""
    (row,) = dip().to_pylist()
    own = {**row, "city": CITY, "pooled_days": POOLED_DAYS}
    return TABLES["dips"].from_rows([{**own, **changes}])


def explained(
    event: pa.Table,
    made: Sequence[Rows],
    author_days: Sequence[dict[str, Any]] = (),
    homes: pa.Table = NO_HOMES,
) -> Explained:
    """Explain a dip of a small city, beside the other posts of the day."""
    given = dict(tables())
    for name in ("posts", "tracker_posts", "sentiment", "comments", "garments"):
        rows = [row[name] for row in made if name in row]
        given[name] = pa.concat_tables([given[name], TABLES[name].from_rows(rows)])
    counts = {("shoes", city): [2.0] * 41 for city in ("all", CITY)}
    given["activity"] = activity_rows(counts, negatives={k: [1] * 41 for k in counts})
    given["author_days"] = TABLES["author_days"].from_rows(list(author_days))
    inputs = gather(
        event_days(TABLES["peaks"].empty(), event),
        given,
        author_homes=homes,
        city_names={},
    )
    return explain_dips(event, inputs, run_ids={EVENT: "run"})


def observed(found: Explained, kind: str) -> dict[str, float]:
    return {
        row["item"]: row["observed"]
        for row in found.evidence.to_pylist()
        if row["evidence_kind"] == kind
    }


# two negatives a day on the pooled days, and what must not count
SAID = [
    *(said(200 + 10 * ago + n, ago, f"u{n}") for ago in range(3) for n in (0, 1)),
    said(290, 3, "u0"),  # before the pooled days
    said(291, -1, "u0"),  # after the event's day
    said(292, 1, "u0", "rome"),
    said(293, 1, "u0", negative=False),
]


def test_posts_words_and_authors_are_of_all_pooled_days_and_of_no_other() -> None:
    found = explained(pooled(), SAID)

    assert set(observed(found, "post")) == {
        "p200", "p201", "p210", "p211", "p220", "p221",
    }  # fmt: skip
    assert observed(found, "author") == {"mastodon:u0": 3.0, "mastodon:u1": 3.0}
    # two authors on each of three days
    assert observed(found, "word")["late"] == 6.0
    (made_by,) = found.event_authors.to_pylist()
    assert (made_by["authors_count"], made_by["known_share"]) == (2, 1.0)
    (homes,) = found.event_origins.to_pylist()
    assert (homes["home_city"], homes["observed"]) == ("unknown", 6)


def test_a_dip_that_was_not_pooled_or_is_past_its_worst_counts_its_day() -> None:
    day_before = EVENT - timedelta(days=1)
    for event in (pooled(pooled_days=1), pooled(apex_on=day_before)):
        assert set(observed(explained(event, SAID), "post")) == {"p200", "p201"}


def test_the_whole_tracker_is_pooled_over_all_its_cities() -> None:
    found = explained(pooled(city="all"), SAID)

    # beside them 40 of the day in Milan; one in Rome is no driver
    assert observed(found, "city") == {"milan": 40.0, CITY: 6.0}


def test_comments_are_of_all_pooled_days_and_only_negative_ones() -> None:
    under = [said(400, 2, "u0"), said(401, 2, "u0", "rome")]
    made = [
        *(comment(number, number, 400, "negative") for number in range(4)),
        comment(10, 1, 400, "positive"),
        comment(11, 1, 401, "negative"),
    ]

    found = explained(pooled(item_kind="comment"), [*under, *made])

    assert set(observed(found, "comment")) == {"c0", "c1", "c2"}


def test_a_comment_in_two_files_is_told_by_the_first_on_pooled_days_too() -> None:
    """As it is counted: one that only another copy of shows as negative is none."""
    made = [
        said(400, 2, "u0"),
        comment(1, 1, 400, "positive"),
        comment(2, 1, 400, "negative"),
    ]
    copies = [comment(1, 1, 400, "negative"), comment(2, 1, 400, "positive")]
    for one in copies:
        for row in one.values():
            row["source"] = "mastodon__shoes"

    found = explained(pooled(item_kind="comment"), [*made, *copies])

    assert set(observed(found, "comment")) == {"c2"}


def test_what_is_expected_is_of_as_many_days_and_lies_before_all_of_them() -> None:
    """u0 has a negative on each of the 28 days before the pooled ones, and on those."""
    usual = {
        "tracker": "shoes", "source": "mastodon", "author_id": "u0", "city": CITY,
        "posts_count": 1, "negative_count": 1, "scored_count": 1,
        "likes_known_count": 0, "likes_count": None, "comments_count": None,
        "run_id": "run",
    }  # fmt: skip
    often = [{**usual, "day": day(40 - ago), "negative_count": 1 if ago > 2 else 9}
             for ago in range(41)]  # fmt: skip
    made = [said(200 + 10 * n + ago, ago, "u0") for ago in range(3) for n in range(5)]

    home = {"day": EVENT, "source": "mastodon", "author_id": "u0"}
    home |= {"home_city": "rome", "home_source": "posts"}

    found = explained(pooled(), made, often, pa.Table.from_pylist([home]))

    (author,) = [
        row for row in found.evidence.to_pylist() if row["evidence_kind"] == "author"
    ]
    (origin,) = found.event_origins.to_pylist()
    for row in (author, origin):
        assert (row["observed"], row["expected"]) == (15, pytest.approx(3.0))


def test_pooled_days_end_with_the_worst_day() -> None:
    (row,) = pooled().to_pylist()
    assert pooled_from(row) == EVENT - timedelta(days=2)
    assert pooled_from({**row, "apex_on": EVENT - timedelta(days=1)}) == EVENT
    assert pooled_from({"day": EVENT}) == EVENT
