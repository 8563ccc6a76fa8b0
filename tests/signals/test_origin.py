"""The test of homes finds a planted city, and nothing where homes are the usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import islice

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import chi2, chi2_contingency, power_divergence
from scipy.stats import f as f_distribution

from bench.origin_worlds import burst_draws
from tests.signals.test_evidence import EVENT, dip, peak, post, world
from trendlab.schemas import TABLES
from trendlab.signals.evidence import Inputs, explain_dips, explain_peaks
from trendlab.signals.home_comparison import Comparison, compare_homes
from trendlab.signals.origin_wording import tell_origin

NAMES = {"milan": "Milan", "paris": "Paris"}


def authors_of(*rows: tuple[str, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"home": str, "observed": float, "before": float}, orient="row"
    )


def compare(authors: pl.DataFrame) -> Comparison | None:
    """Compare authors who spread what they posted before evenly over 28 days."""
    days = pl.DataFrame({"day": range(28)})
    spread = authors.group_by("home").agg(pl.col("before").sum() / 28)
    return compare_homes(authors, spread.join(days, how="cross"))


def inputs_of(now: dict[str, int], before: dict[str, int], **more: object) -> Inputs:
    """Give posts of the event and of the 28 days before, by the authors' home.

    An author has one post in the event, or one before.
    """
    made = [
        post(number, "coat", author=f"{home}{n}", **more)
        for number, (home, n) in enumerate(
            (home, n) for home, count in now.items() for n in range(count)
        )
    ]
    past = [
        {
            "day": EVENT - timedelta(days=1 + n % 28),
            "tracker": "shoes",
            "source": "mastodon",
            "author_id": f"{home}{1000 + n}",
            "city": home,
            "posts_count": 1,
            "likes_known_count": 0,
            "comments_count": 0,
            "negative_count": int(bool(more.get("negative"))),
            "scored_count": 1,
            "run_id": "run",
        }
        for home, count in before.items()
        for n in range(count)
    ]
    homes = [
        {
            "day": EVENT,
            "source": "mastodon",
            "author_id": f"{home}{n}",
            "home_city": "unknown" if home == "elsewhere" else home,
            "home_source": "posts",
        }
        for home, count in (now | before).items()
        if home != "nowhere"
        for n in (*range(now.get(home, 0)), *range(1000, 1000 + before.get(home, 0)))
    ]
    tables = {
        name: TABLES[name].from_rows([one[name] for one in made])
        for name in ("posts", "tracker_posts", "sentiment")
    }
    return world(
        {
            **tables,
            "author_days": TABLES["author_days"].from_rows(past),
            "garments": TABLES["garments"].empty(),
        },
        TABLES["author_homes"].from_rows(homes),
        NAMES,
    )


def origins(inputs: Inputs, event: pa.Table | None = None) -> list[dict]:
    explained = explain_peaks(peak() if event is None else event, inputs,
                              run_ids={EVENT: "run"})  # fmt: skip
    return explained.event_origins.to_pylist()


def test_a_peak_from_one_city_is_told_in_words() -> None:
    found = origins(
        inputs_of({"milan": 66, "paris": 34}, {"milan": 280, "paris": 2520})
    )

    homes = {row["home_city"]: row for row in found}
    assert set(homes) == {"milan", "paris"}
    milan = homes["milan"]
    assert (milan["observed"], milan["expected"]) == (66, pytest.approx(280 / 28))
    assert milan["usual_share"] == pytest.approx(0.1)
    # Paris is below its 90 usual posts, so all of the excess is Milan's
    assert milan["verdict"] == "one_city"
    assert milan["p_value"] < 1e-9
    assert milan["description"].startswith(
        "Two thirds of its posts (66 %) come from authors at home in Milan, who "
        "usually write 10 % (homes are known for 100 % of the posts)."
    )
    # 100 posts where 100 are usual: there is no excess to divide
    assert milan["excess_share"] is None


def test_parts_of_an_excess_are_beyond_the_usual_of_each_home() -> None:
    found = origins(inputs_of({"milan": 65, "paris": 35}, {"milan": 140, "paris": 560}))

    homes = {row["home_city"]: row for row in found}
    assert homes["milan"]["expected"] == pytest.approx(5.0)
    assert homes["paris"]["expected"] == pytest.approx(20.0)
    assert homes["milan"]["excess_share"] == pytest.approx(60 / 75)
    assert homes["paris"]["excess_share"] == pytest.approx(15 / 75)
    assert "Four fifths of the excess (80 %)" in homes["milan"]["description"]


def test_more_from_a_city_that_has_not_half_is_a_shift() -> None:
    found = origins(
        inputs_of(
            {"milan": 70, "paris": 60, "rome": 70},
            {"milan": 140, "paris": 560, "rome": 560},
        )
    )

    assert {row["verdict"] for row in found} == {"shifted"}
    assert found[0]["description"].startswith(
        "More than usual come from authors at home in Milan: 42 % of the excess, where"
    )


def test_the_usual_homes_are_told_as_usual() -> None:
    found = origins(inputs_of({"milan": 20, "paris": 80}, {"milan": 140, "paris": 560}))

    assert {row["verdict"] for row in found} == {"as_usual"}
    assert found[0]["g_statistic"] == pytest.approx(0.0, abs=1e-9)


def test_homes_with_few_posts_are_other_and_unknown_ones_are_apart() -> None:
    now = {"milan": 40, "paris": 40, "oslo": 2, "elsewhere": 10, "nowhere": 8}
    before = {
        "milan": 400,
        "paris": 400,
        "oslo": 10,
        "lima": 6,
        "elsewhere": 60,
        "nowhere": 90,
    }

    found = {row["home_city"]: row for row in origins(inputs_of(now, before))}

    assert {home: row["observed"] for home, row in found.items()} == {
        "milan": 40, "paris": 40, "other": 12, "unknown": 8,
    }  # fmt: skip
    assert found["unknown"]["usual_share"] is None
    assert found["milan"]["known_share"] == pytest.approx(0.92)
    assert {row["degrees_of_freedom"] for row in found.values()} == {2}


def test_a_home_that_nothing_tells_is_unknown_and_not_elsewhere() -> None:
    inputs = inputs_of({"milan": 50, "paris": 50}, {"milan": 500, "paris": 500})
    homes = inputs.author_homes.to_pylist()
    untold = {"home_city": "unknown", "home_source": "unknown"}
    homes = [
        one | (untold if one["author_id"].startswith("paris") else {}) for one in homes
    ]
    schema = inputs.author_homes.schema
    inputs = replace(inputs, author_homes=pa.Table.from_pylist(homes, schema=schema))

    found = {row["home_city"]: row["observed"] for row in origins(inputs)}

    assert found == {"milan": 50, "unknown": 50}


def test_an_event_of_a_city_is_held_against_the_author_days_of_that_city() -> None:
    """Romans and Parisians write in Paris as they always did, and Romans in Rome."""
    inputs = inputs_of(
        {"rome": 20, "paris": 80}, {"rome": 200, "paris": 800}, city="paris"
    )
    days = inputs.authors.to_pylist()
    in_paris = [one | {"city": "paris"} for one in days]
    elsewhere = [one | {"city": "rome", "posts_count": 9} for one in days]
    schema = inputs.authors.schema
    by_day = inputs.home_days.to_pylist()
    inputs = replace(
        inputs,
        authors=pa.Table.from_pylist(in_paris + elsewhere, schema=schema),
        home_days=pa.Table.from_pylist(
            [one | {"city": "paris"} for one in by_day]
            + [
                one | {"city": "rome", "posts_count": 900}
                for one in by_day
                if one["home_city"] == "rome" and one["posted_on"].day % 2
            ],
            schema=inputs.home_days.schema,
        ),
    )

    found = origins(inputs, peak(city="paris"))

    assert {row["home_city"]: row["usual_share"] for row in found} == {
        "paris": pytest.approx(0.8),
        "rome": pytest.approx(0.2),
    }
    assert {row["verdict"] for row in found} == {"as_usual"}
    # Rome's busy days are not those of Paris
    assert found[0]["dispersion"] < 1.5


def test_one_city_or_no_known_home_cannot_be_assessed() -> None:
    alone = origins(inputs_of({"milan": 50}, {"milan": 500}))
    assert [row["verdict"] for row in alone] == ["not_assessable"]
    nobody = origins(inputs_of({"nowhere": 50}, {"nowhere": 500}))
    assert [(row["home_city"], row["verdict"], row["p_value"]) for row in nobody] == [
        ("unknown", "not_assessable", None)
    ]


def test_a_dip_compares_negative_posts() -> None:
    inputs = inputs_of(
        {"milan": 60, "paris": 40}, {"milan": 280, "paris": 560}, negative=True
    )
    inputs = replace(inputs, activity=world().activity)

    found = explain_dips(dip(topic=""), inputs, run_ids={EVENT: "run"}).event_origins

    (milan, _) = sorted(found.to_pylist(), key=lambda row: row["home_city"])
    assert milan["event_kind"] == "dip"
    assert "of the negative posts" in milan["description"]


def test_a_topics_parts_are_of_its_posts_and_not_of_an_excess() -> None:
    """However many there are: the usual posts of a topic are not counted by author."""
    inputs = inputs_of(
        {"milan": 65, "paris": 35}, {"milan": 140, "paris": 560}, negative=True
    )
    found = explain_dips(dip(topic="coat"), inputs, run_ids={EVENT: "run"})
    rows = found.event_origins.to_pylist()

    assert [row["home_city"] for row in rows] == ["milan", "paris"]
    assert [(row["expected"], row["excess_share"]) for row in rows] == 2 * [
        (None, None)
    ]
    assert "of its negative posts (65 %)" in rows[0]["description"]


def test_a_dip_of_comments_has_no_origin() -> None:
    inputs = inputs_of({"milan": 5}, {"milan": 5})
    found = explain_dips(dip(item_kind="comment"), inputs, run_ids={EVENT: "run"})
    assert found.event_origins.num_rows == 0


def test_independent_posts_give_the_plain_g_test() -> None:
    now, before = {"a": 30, "b": 70}, {"a": 500, "b": 500}
    rows = [(home, 1.0, 0.0) for home, count in now.items() for _ in range(count)]
    rows += [(home, 0.0, 1.0) for home, count in before.items() for _ in range(count)]

    found = compare(authors_of(*rows))

    assert found is not None
    table = np.array([[30.0, 70.0], [500.0, 500.0]])
    expected = table.sum(1)[:, None] * table.sum(0)[None, :] / table.sum()
    g = power_divergence(
        table.ravel(), expected.ravel(), lambda_="log-likelihood"
    ).statistic
    assert found.statistic == pytest.approx(g)
    assert found.dispersion == pytest.approx(1.0)
    # the dispersion is known from 28 days only
    assert found.p_value == pytest.approx(f_distribution.sf(g, 1, 27))
    assert found.p_value > chi2.sf(g, 1)


def test_one_authors_hundred_posts_are_no_origin() -> None:
    crowd = [(home, 1.0, 5.0) for home in ("milan", "paris") for _ in range(50)]

    found = compare(authors_of(*crowd, ("milan", 100.0, 5.0)))

    assert found is not None
    assert found.statistic > 30
    assert found.p_value > 0.1


def test_without_authors_or_with_one_nothing_is_compared() -> None:
    assert compare(authors_of()) is None
    assert compare(authors_of(("milan", 9.0, 99.0))) is None


def test_a_citys_busy_days_are_no_origin() -> None:
    # every author has one post; one day in four is Milan's
    days = pl.DataFrame(
        [
            {"home": home, "day": day, "before": count}
            for day in range(28)
            for home, count in (
                ("milan", 80.0 if day % 4 == 0 else 40.0), ("paris", 80.0),
            )
        ]
    )  # fmt: skip
    before = days.group_by("home").agg(pl.col("before").sum()).rows()
    rows = [(home, 0.0, 1.0) for home, count in before for _ in range(int(count))]
    busy = [("milan", 1.0, 0.0)] * 80 + [("paris", 1.0, 0.0)] * 80

    alone = compare(authors_of(*rows, *busy))
    found = compare_homes(authors_of(*rows, *busy), days)

    assert alone is not None
    assert found is not None
    # Pearson's statistic of the days, and in it the size of the event beside a day's
    counts = days.pivot("home", index="day", values="before").drop("day").to_numpy()
    of_days = chi2_contingency(counts, correction=False)
    beyond = of_days.statistic / of_days.dof - 1
    assert found.dispersion == pytest.approx(1 + beyond * 160 / (counts.sum() / 28))
    assert alone.p_value < 0.01
    assert found.dispersion > 2
    assert found.p_value > 0.05


def test_few_of_many_null_events_are_called_unusual() -> None:
    calls = plain_calls = 0
    for authors, days in islice(burst_draws(np.random.default_rng(7)), 300):
        found = compare_homes(authors, days)
        assert found is not None
        calls += found.p_value <= 0.05
        plain_calls += chi2.sf(found.statistic, found.degrees) <= 0.05
    # 5 % of 300 is 15; at that rate more than 27 come once in a thousand
    assert 3 <= calls <= 27
    assert plain_calls > 100


def test_words_name_an_unnamed_city_by_its_id() -> None:
    home = {"home": "new_oslo", "event_share": 0.97, "usual_share": 0.2}
    told = tell_origin("one_city", "peak", home, 0.5, {}, has_excess=True)
    assert told == (
        "Nearly all of the excess (97 %) come from authors at home in new_oslo, who "
        "usually write 20 % (homes are known for 50 % of the posts)."
    )
