"""Weekly shares: what counts as a look, zero against missing, thin cities."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from statsmodels.stats.proportion import proportion_confint

from trendlab.resources import bundled
from trendlab.schemas import TABLES
from trendlab.signals.trends import COUNTS, share_city_weeks, week_rows

MONDAY = date(2026, 1, 5)
RUN = {MONDAY: "run-1"}
CITIES = TABLES["cities"].from_rows(
    [
        {
            "city": city,
            "name": city,
            "country_code": "XX",
            "region": region,
            "lat": 0.0,
            "lon": 0.0,
            "radius_km": 50.0,
            "time_zone": "UTC",
        }
        for city, region in [
            *((f"eu{n}", "europe") for n in range(6)),
            *((f"as{n}", "asia") for n in range(2)),
        ]
    ]
)


def covered(*, days: int = 7, partial: int = 0, tracker: str = "all") -> pa.Table:
    return pa.table(
        {
            "tracker": pa.array([tracker] * days, pa.string()),
            "day": pa.array(
                [MONDAY + timedelta(days=n) for n in range(days)], pa.date32()
            ),
            "is_partial": pa.array([n < partial for n in range(days)], pa.bool_()),
        }
    )


def counts(*rows: dict[str, Any]) -> pa.Table:
    filled = [
        {"day": MONDAY, "tracker": "denim", "model_name": "m", **row} for row in rows
    ]
    return pa.Table.from_pylist(filled, schema=COUNTS)


def cell(city: str, looks: int, **values: int) -> list[dict[str, Any]]:
    """Looks of a city, and those that have each colour."""
    return [
        {"city": city, "kind": "look", "value": "", "looks_count": looks},
        *(
            {"city": city, "kind": "colour", "value": value, "looks_count": count}
            for value, count in values.items()
            if count
        ),
    ]


def share(table: pa.Table, **more: Any) -> list[dict[str, Any]]:
    given = {"covered_days": covered(), "run_ids": RUN, **more}
    shared = share_city_weeks(table, CITIES, **given)
    assert shared.schema.equals(TABLES["city_weeks"].arrow)
    return shared.to_pylist()


def test_a_share_is_looks_with_it_over_looks_seen_with_a_wilson_interval() -> None:
    rows = share(counts(*cell("eu0", 200, red=50), *cell("all", 200, red=50)))

    row = rows[1]
    low, high = proportion_confint(50, 200, method="wilson")
    assert (row["city"], row["value"], row["share"]) == ("eu0", "red", 0.25)
    assert row["share_low"] == pytest.approx(low)
    assert row["share_high"] == pytest.approx(high)
    assert (row["iso_year"], row["iso_week"], row["is_thin"]) == (2026, 2, False)
    assert row["share_shrunk"] == row["share"]
    assert row["run_id"] == "run-1"


def test_a_value_that_nobody_wore_is_zero_and_a_week_without_looks_is_missing() -> None:
    rows = share(
        counts(*cell("eu0", 10, red=5), *cell("eu1", 10), *cell("all", 20, red=5))
    )

    red = {row["city"]: row["share"] for row in rows if row["value"] == "red"}
    assert red == {"all": 0.25, "eu0": 0.5, "eu1": 0.0}  # eu2 had no looks


def test_the_vocabulary_gives_zeros_for_values_that_no_city_has() -> None:
    rows = share(
        counts(*cell("eu0", 10, red=5), *cell("all", 10, red=5)),
        vocabulary={
            ("m", "colour"): ["red", "blue"],
            ("m", "pattern"): ["striped"],
            ("other", "colour"): ["green"],
        },
    )

    # no pattern was told that week, so nothing is known of stripes
    assert {row["value"] for row in rows} == {"red", "blue"}
    assert {row["share"] for row in rows if row["value"] == "blue"} == {0.0}


def test_models_are_kept_apart() -> None:
    drawn = [{**row, "model_name": "simulated"} for row in cell("eu0", 10, red=9)]
    rows = share(counts(*cell("eu0", 10, red=1), *drawn))

    shares = {row["model_name"]: row["share"] for row in rows}
    assert shares == {"m": 0.1, "simulated": 0.9}


def test_empty_input_gives_a_typed_empty_table() -> None:
    shared = share_city_weeks(counts(), CITIES, covered(days=0), run_ids=RUN)

    assert shared.equals(TABLES["city_weeks"].empty())


def test_one_look_is_thin_and_has_a_wide_interval() -> None:
    row = share(counts(*cell("eu0", 1, red=1)))[0]

    assert (row["share"], row["is_thin"]) == (1.0, True)
    assert row["share_low"] < 0.25
    assert row["share_shrunk"] == 1.0  # there is no parent to shrink to


def test_weeks_that_were_not_asked_for_are_left_out() -> None:
    later = [
        {**row, "day": MONDAY + timedelta(days=7)} for row in cell("eu0", 9, red=1)
    ]

    rows = share(counts(*cell("eu0", 10, red=5), *later))

    assert {row["day"] for row in rows} == {MONDAY}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (covered(), True),
        (covered(days=6), False),
        (covered(partial=1), False),
        (covered(days=0), False),
        (covered(tracker="denim"), True),
        (covered(days=3, tracker="denim"), False),
    ],
)
def test_a_week_is_complete_when_all_seven_days_were_seen_in_full(
    days: pa.Table, expected: bool
) -> None:
    row = share(counts(*cell("eu0", 10, red=5)), covered_days=days)[0]

    assert row["is_complete"] is expected


def thin_world(rng: np.random.Generator, spread: float) -> tuple[pa.Table, dict]:
    """European cities with 1,000 looks but eu0 with 20; Asia is elsewhere."""
    rows, truth, total = [], {}, [0] * 21
    for city in [f"eu{n}" for n in range(6)] + ["as0", "as1"]:
        looks = 20 if city == "eu0" else 1_000
        centre = 0.3 if city.startswith("eu") else 0.8
        p = np.clip(rng.normal(centre, spread, 20), 0.02, 0.98)
        truth[city] = p
        drawn = rng.binomial(looks, p)
        values = {f"v{i:02}": int(drawn[i]) for i in range(20)}
        rows += cell(city, looks, **values)
        total = [
            total[0] + looks,
            *(t + d for t, d in zip(total[1:], drawn, strict=True)),
        ]
    rows += cell("all", total[0], **{f"v{i:02}": int(total[i + 1]) for i in range(20)})
    return counts(*rows), truth


@pytest.mark.parametrize("spread", [0.01, 0.05, 0.2])
def test_shrinking_a_thin_city_brings_it_nearer_to_the_truth(spread: float) -> None:
    raw_error = shrunk_error = 0.0
    for seed in range(5):
        table, truth = thin_world(np.random.default_rng(seed), spread)
        for row in share(table):
            if row["city"] == "eu0":
                real = truth["eu0"][int(row["value"][1:])]
                raw_error += (row["share"] - real) ** 2
                shrunk_error += (row["share_shrunk"] - real) ** 2

    assert shrunk_error < raw_error
    if spread == 0.01:  # nearly equal cities: the region knows best
        assert shrunk_error < raw_error / 10


def test_only_thin_cities_are_shrunk() -> None:
    table, _ = thin_world(np.random.default_rng(1), 0.05)

    changed = {
        row["city"] for row in share(table) if row["share"] != row["share_shrunk"]
    }

    assert changed == {"eu0"}


def test_a_thin_city_without_a_region_shrinks_to_the_world() -> None:
    rows = share(
        counts(
            *cell("unknown", 10, red=10),
            *cell("eu0", 900, red=90),
            *cell("all", 910, red=100),
        )
    )

    shrunk = {row["city"]: row["share_shrunk"] for row in rows}
    assert 0.1 < shrunk["unknown"] < 0.5
    assert shrunk["all"] == pytest.approx(100 / 910)


SQL = Path(bundled("sql")) / "lake" / "city_weeks.sql"
COPIES = pa.schema(
    [
        ("day", pa.date32()),
        ("source", pa.string()),
        ("post_id", pa.string()),
        ("media_index", pa.int64()),
        ("model_name", pa.string()),
        ("group_id", pa.int64()),
    ]
)


def counted(**relations: list[dict[str, Any]]) -> list[tuple]:
    """Run the query on rows given per table."""
    lake = duckdb.connect()
    lake.register("weeks", week_rows(RUN))
    for name in ("tracker_posts", "looks", "garments", "garment_tags"):
        lake.register(name, TABLES[name].from_rows(relations.get(name, [])))
    lake.register("copies", pa.Table.from_pylist(relations.get("copies", []), COPIES))
    found = lake.sql(SQL.read_text()).to_arrow_table()
    assert found.cast(COUNTS).schema == COUNTS
    return [
        (row["city"], row["kind"], row["value"], row["looks_count"])
        for row in found.to_pylist()
    ]


def matched(post: str, *, day: date = MONDAY, city: str = "eu0", **more: Any):
    return {
        "day": day, "tracker": "denim", "source": "net", "post_id": post,
        "city": city, "is_excluded": False,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC), **more,
    }  # fmt: skip


def look(post: str, **more: Any) -> dict[str, Any]:
    return {
        "day": MONDAY, "source": "net", "post_id": post, "media_index": 0,
        "look_index": 0, "look_kind": "photo", "garments_count": 1,
        "is_duplicate": False, "model_name": "m", **more,
    }  # fmt: skip


def garment(post: str, category: str, **more: Any) -> dict[str, Any]:
    return {
        "day": MONDAY, "source": "net", "post_id": post, "media_index": 0,
        "garment_index": 0, "look_index": 0, "category": category,
        "model_name": "m", **more,
    }  # fmt: skip


def tag(post: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "day": MONDAY, "source": "net", "post_id": post, "media_index": 0,
        "garment_index": 0, "attribute": "colour", "value": value, "value_rank": 0,
        "model_name": "colours", **more,
    }  # fmt: skip


def test_a_look_counts_each_value_once_in_its_city_and_in_all() -> None:
    rows = counted(
        tracker_posts=[matched("p")],
        looks=[look("p", style="boho", garments_count=3)],
        garments=[
            garment("p", "skirt"),
            garment("p", "bag", garment_index=1),
            garment("p", "bag", garment_index=2),
        ],
        garment_tags=[
            tag("p", "red"),
            tag("p", "blue", value_rank=1),
            tag("p", "red", garment_index=1),
            tag("p", "pencil skirt", attribute="fine_category"),
            tag("p", "long", attribute="sleeve"),
        ],
    )

    expected = [
        ("colour", "red"), ("fine_category", "pencil skirt"), ("garment", "bag"),
        ("garment", "skirt"), ("look", ""), ("sleeve", "long"), ("style", "boho"),
    ]  # fmt: skip
    assert rows == [(city, *e, 1) for city in ("all", "eu0") for e in expected]


def test_near_copies_excluded_posts_other_weeks_and_bare_looks_are_left_out() -> None:
    next_week = MONDAY + timedelta(days=7)
    posts = ["copy", "excluded", "late", "bare", "good"]
    rows = counted(
        tracker_posts=[
            matched("copy"),
            matched("excluded", is_excluded=True),
            matched("late", day=next_week),
            matched("bare"),
            matched("good", day=MONDAY + timedelta(days=6)),
        ],
        looks=[
            look("copy", is_duplicate=True),
            look("excluded"),
            look("late", day=next_week),
            look("bare", garments_count=0),
            look("good"),
        ],
        garments=[garment(post, "skirt") for post in posts if post != "bare"],
    )

    assert rows == [
        ("all", "garment", "skirt", 1), ("all", "look", "", 1),
        ("eu0", "garment", "skirt", 1), ("eu0", "look", "", 1),
    ]  # fmt: skip


def copy(post: str, **more: Any) -> dict[str, Any]:
    return {
        "day": MONDAY, "source": "net", "post_id": post, "media_index": 0,
        "model_name": "m", "group_id": 0, **more,
    }  # fmt: skip


def test_a_repost_within_the_week_counts_once_where_it_was_first() -> None:
    later = datetime(2026, 1, 7, tzinfo=UTC)
    rows = counted(
        tracker_posts=[
            matched("a-repost", city="eu1", created_at=later),
            matched("b-first"),
            matched("other"),
            # the same photo matters anew to another tracker and in another week
            matched("a-repost", city="eu1", created_at=later, tracker="shoes"),
        ],
        looks=[look("a-repost"), look("b-first"), look("other")],
        garments=[
            garment("a-repost", "skirt"),
            garment("b-first", "skirt"),
            garment("other", "dress"),
        ],
        copies=[
            copy("a-repost"),
            copy("b-first"),
            copy("other", day=MONDAY + timedelta(days=7)),
        ],
    )

    assert [row for row in rows if row[1] == "look"] == [
        ("all", "look", "", 2), ("eu0", "look", "", 2),
        ("all", "look", "", 1), ("eu1", "look", "", 1),
    ]  # fmt: skip


def test_a_copy_whose_first_photo_is_not_counted_counts_itself() -> None:
    rows = counted(
        tracker_posts=[
            matched("first", is_excluded=True),
            matched("marked"),
            matched("repost", created_at=datetime(2026, 1, 7, tzinfo=UTC)),
        ],
        looks=[look("first"), look("marked", is_duplicate=True), look("repost")],
        garments=[garment(post, "skirt") for post in ("first", "marked", "repost")],
        copies=[copy("first"), copy("marked"), copy("repost")],
    )

    assert ("eu0", "look", "", 1) in rows


def test_all_looks_of_the_photo_that_counts_are_counted() -> None:
    rows = counted(
        tracker_posts=[
            matched("p"),
            matched("q", created_at=datetime(2026, 1, 7, tzinfo=UTC)),
        ],
        looks=[look(post, look_index=index) for post in ("p", "q") for index in (0, 1)],
        garments=[],
        copies=[copy("p"), copy("q")],
    )

    assert ("eu0", "look", "", 2) in rows


def test_drawn_and_detected_garments_of_a_post_do_not_mix() -> None:
    rows = counted(
        tracker_posts=[matched("p")],
        looks=[look("p"), look("p", model_name="simulated", look_kind="simulated")],
        garments=[garment("p", "skirt"), garment("p", "dress", model_name="simulated")],
        garment_tags=[tag("p", "red"), tag("p", "blue", model_name="simulated")],
    )

    in_all = [row[1:] for row in rows if row[0] == "all"]
    assert in_all == [
        ("colour", "red", 1), ("garment", "skirt", 1), ("look", "", 1),
        ("colour", "blue", 1), ("garment", "dress", 1), ("look", "", 1),
    ]  # fmt: skip


def test_two_looks_of_one_photo_count_apart() -> None:
    rows = counted(
        tracker_posts=[matched("p", city="unknown")],
        looks=[look("p"), look("p", look_index=1)],
        garments=[
            garment("p", "skirt"),
            garment("p", "skirt", garment_index=1, look_index=1),
            garment("p", "bag", garment_index=2, look_index=1),
        ],
    )

    assert rows[:3] == [
        ("all", "garment", "bag", 1),
        ("all", "garment", "skirt", 2),
        ("all", "look", "", 2),
    ]


def test_no_rows_at_all_count_nothing() -> None:
    assert counted() == []
