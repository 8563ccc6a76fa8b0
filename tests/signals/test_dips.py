"""Dips: planted ones are found by share, count or topic; the rest is let be."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.signals.worlds import (
    activity_rows,
    beta_binomial,
    covered,
    day,
    run_ids,
    term_row,
    weekly_counts,
)
from trendlab.schemas import TABLES
from trendlab.signals.dip_events import DipRule, dip_severity
from trendlab.signals.dips import find_dips
from trendlab.signals.peaks import score_days

NO_TERMS = TABLES["term_days"].empty()
NO_SCORES = TABLES["day_scores"].empty()
NO_DIPS = TABLES["dips"].empty()
KEY = ("shoes", "all")


def dips_of(activity, first, last, *, terms=NO_TERMS, scores=NO_SCORES, past=NO_DIPS):
    return find_dips(
        activity,
        terms,
        scores,
        past,
        first_day=day(first),
        last_day=day(last),
        run_ids=run_ids(first, last),
    )


def scores_of(activity, days):
    return score_days(
        activity,
        covered(sorted(set(activity["tracker"].to_pylist())), days),
        first_day=day(0),
        last_day=day(days - 1),
        past_scores=NO_SCORES,
        run_ids=run_ids(0, days - 1),
    )


def tracker_days(days=120, level=200, share=0.1, seed=2):
    rng = np.random.default_rng(seed)
    scored = weekly_counts(rng, days, level)
    return scored, beta_binomial(rng, scored, share, 0.005)


def test_a_tripled_share_is_one_dip_with_its_days():
    scored, bad = tracker_days()
    bad[100:102] = np.floor(scored[100:102] * [0.32, 0.40])
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    rows = dips_of(activity, 84, 119).to_pylist()
    assert [row["day"] for row in rows] == [day(100), day(101)]
    assert len({row["dip_id"] for row in rows}) == 1
    last = rows[-1]
    assert last["start_on"] == day(100)
    assert last["apex_on"] == day(101)
    assert last["is_share_up"]
    assert not last["is_cold_start"]
    assert last["baseline_share"] == pytest.approx(0.1, abs=0.02)
    assert last["lift"] > 3
    assert last["p_value"] < 1e-5


def test_ordinary_shares_hardly_ever_make_a_dip():
    alarms = 0
    for seed in range(10):
        scored, bad = tracker_days(seed=seed)
        activity = activity_rows({KEY: scored}, negatives={KEY: bad})
        dips = dips_of(activity, 0, 119, scores=scores_of(activity, 120))
        alarms += len(set(dips["dip_id"].to_pylist()))
    assert alarms <= 6  # 0.5 per 100 days; bench/null_world.py measures it


def test_more_negatives_among_more_posts_are_no_dip():
    scored, bad = tracker_days()
    scored[100] *= 6
    bad[100] = np.floor(scored[100] * 0.08)
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    scores = scores_of(activity, 120)
    negatives = scores.filter(pc.equal(scores["measure"], "negatives")).to_pylist()
    assert any(row["is_peak"] and row["day"] == day(100) for row in negatives)
    assert dips_of(activity, 84, 119, scores=scores).num_rows == 0


def test_the_count_alone_is_enough_where_the_share_held():
    scored, bad = tracker_days()
    scored[100] *= 6
    bad[100] = np.floor(scored[100] * 0.13)
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    row = dips_of(activity, 84, 119, scores=scores_of(activity, 120)).to_pylist()[0]
    assert row["day"] == day(100)
    assert row["is_count_up"]
    assert not row["is_share_up"]


def test_a_day_at_a_time_gives_the_rows_of_all_days_at_once():
    """A day of more negatives after one of a greater share is masked either way."""
    scored, bad = tracker_days()
    bad[100] = np.floor(scored[100] * 0.4)
    scored[101] *= 6
    bad[101] = np.floor(scored[101] * 0.13)
    bad[110] = np.floor(scored[110] * 0.4)
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    scores = scores_of(activity, 120)

    key = [("day", "ascending")]
    whole = dips_of(activity, 84, 119, scores=scores).sort_by(key)
    parts = [NO_DIPS]
    for at in range(84, 120):
        past = pa.concat_tables(parts)
        parts.append(dips_of(activity, at, at, scores=scores, past=past))

    assert [row["day"] for row in whole.to_pylist()] == [day(100), day(101), day(110)]
    assert pa.concat_tables(parts).sort_by(key).equals(whole)


def test_negatives_by_two_authors_are_no_dip():
    scored, bad = tracker_days()
    bad[100] = np.floor(scored[100] * 0.5)
    authors = bad.copy()
    authors[100] = 2
    activity = activity_rows(
        {KEY: scored}, negatives={KEY: bad}, authors={KEY: authors.astype(int).tolist()}
    )
    assert dips_of(activity, 84, 119).num_rows == 0


def test_unknown_authors_are_not_assessable_and_the_floor_on_posts_holds():
    scored, bad = tracker_days()
    bad[100] = np.floor(scored[100] * 0.5)
    activity = activity_rows(
        {KEY: scored}, negatives={KEY: bad}, authors={KEY: [None] * 120}
    )
    row = dips_of(activity, 84, 119).to_pylist()[0]
    assert row["negative_authors_count"] is None
    assert not row["is_author_rule_assessable"]


def test_a_small_group_is_pooled_over_days():
    scored = np.full(120, 8.0)
    bad = np.zeros(120)
    bad[::5] = 1
    bad[100:104] = 4
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    rows = dips_of(activity, 84, 119).to_pylist()
    assert rows[0]["pooled_days"] == 3
    assert rows[0]["scored_count"] == 24


def comment_days(days=120, read=200, scored=100, **more):
    """Activity whose comments are half of them English, and 60 negative on a day."""
    bad = np.full(days, 10)
    bad[100] = 60
    columns = {
        "comment_read_count": [read] * days,
        "comment_scored_count": [scored] * days,
        "comment_scored_capped_count": [scored] * days,
        "comment_negative_count": bad.tolist(),
        "comment_negative_capped_count": bad.tolist(),
        "comment_negative_authors_count": bad.tolist(),
        **more,
    }
    return activity_rows(
        {KEY: np.full(days, 5.0)}, **{name: {KEY: c} for name, c in columns.items()}
    )


def test_a_dip_of_comments_says_how_many_of_them_were_scored():
    (row,) = dips_of(comment_days(), 84, 110).to_pylist()
    assert (row["item_kind"], row["language_coverage"]) == ("comment", 0.5)
    # a lake of before all comments were counted cannot tell
    (row,) = dips_of(comment_days(read=None), 84, 110).to_pylist()
    assert row["language_coverage"] == 1.0


def test_one_author_of_many_comments_is_no_dip():
    """Fifty negative comments of one author weigh as three."""
    few = [10] * 120
    few[100] = 13
    activity = comment_days(comment_negative_capped_count=few)
    assert dips_of(activity, 84, 119, scores=scores_of(activity, 120)).num_rows == 0
    # a lake of before they were counted has the plain counts
    activity = comment_days(
        comment_negative_capped_count=[None] * 120,
        comment_scored_capped_count=[None] * 120,
    )
    assert dips_of(activity, 84, 119).num_rows == 1


def test_the_count_of_one_author_of_many_posts_is_not_up():
    """Eighty negative posts of one author, beside the usual ones of everyone else."""
    scored, bad = tracker_days()
    loud = bad.copy()
    loud[100] += 80
    capped = bad.copy()
    capped[100] += 3
    activity = activity_rows(
        {KEY: scored},
        negatives={KEY: loud},
        negative_capped_count={KEY: capped.astype(int).tolist()},
    )
    scores = scores_of(activity, 120)
    assert dips_of(activity, 84, 119, scores=scores).num_rows == 0
    # as many by as many authors is a crowd
    activity = activity_rows({KEY: scored}, negatives={KEY: loud})
    scores = scores_of(activity, 120)
    (row,) = dips_of(activity, 84, 119, scores=scores).to_pylist()
    assert (row["day"], row["is_count_up"]) == (day(100), True)


def test_a_pooled_dip_tells_the_coverage_of_all_its_days():
    scored = np.full(120, 8.0)
    bad = np.zeros(120)
    bad[::5] = 1
    bad[100:104] = 4
    posts = np.full(120, 8.0)
    posts[100] = 32.0
    activity = activity_rows({KEY: posts}, negatives={KEY: bad}, scored={KEY: scored})
    row = dips_of(activity, 84, 119).to_pylist()[0]
    assert (row["day"], row["pooled_days"]) == (day(101), 3)
    assert row["language_coverage"] == 24 / 48


def test_a_topic_is_found_inside_a_brand_that_hardly_moves():
    scored = np.full(10, 3000.0)
    bad = np.full(10, 500.0)
    bad[5] = 700
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    rows = [
        term_row("shoes", day(i), word, 300, negatives=50)
        for i in range(10)
        for word in ("bag", "runway", "perfume")
    ]
    rows.append(term_row("shoes", day(5), "advent", 400, negatives=220))
    rows.append(term_row("shoes", day(5), "calendar", 380, negatives=210))
    rows.append(term_row("shoes", day(5), "giveaway", 400, negatives=20))
    rows.append(term_row("shoes", day(5), "spam", 400, negatives=390, authors=4))
    terms = TABLES["term_days"].from_rows(rows)
    dips = dips_of(activity, 0, 9, terms=terms).to_pylist()
    assert [row["topic"] for row in dips] == ["advent calendar"]
    assert dips[0]["day"] == day(5)
    assert dips[0]["is_cold_start"]
    assert dips[0]["baseline_share"] == pytest.approx(0.167, abs=0.01)


def test_a_topic_goes_on_while_its_share_stays_far_above_the_usual():
    """43 % after 51 % where 17 % is usual is no news by itself, and not over either."""
    activity = activity_rows(
        {KEY: np.full(10, 3000.0)}, negatives={KEY: np.full(10, 500.0)}
    )
    rows = [term_row("shoes", day(i), "bag", 300, negatives=50) for i in range(10)]
    burning = {4: 220, 5: 150, 6: 130, 7: 68}
    rows += [
        term_row("shoes", day(i), "advent", 400, negatives=negatives)
        for i, negatives in burning.items()
    ]
    terms = TABLES["term_days"].from_rows(rows)
    dips = dips_of(activity, 0, 9, terms=terms).to_pylist()
    assert [row["day"] for row in dips] == [day(4), day(5), day(6)]
    assert len({row["dip_id"] for row in dips}) == 1
    assert dips[-1]["apex_on"] == day(4)
    assert dips[-1]["severity"] == dips[0]["severity"]  # not over is not worse
    # the days that go on are never news: alone they are no dip
    later = [row for row in rows if row["day"] != day(4)]
    terms = TABLES["term_days"].from_rows(later)
    assert dips_of(activity, 0, 9, terms=terms).num_rows == 0


def test_a_share_goes_on_at_a_milder_level_and_not_for_ever():
    scored, bad = tracker_days(days=160, level=800)
    bad[100] = np.floor(scored[100] * 0.4)
    bad[101:] = np.floor(scored[101:] * 0.19)
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    rows = dips_of(activity, 84, 159).to_pylist()
    assert len({row["dip_id"] for row in rows}) == 1
    assert rows[0]["day"] == day(100)
    assert 2 < len(rows) <= 1 + DipRule().hold_days
    assert len({row["severity"] for row in rows}) == 1
    bad[100] = bad[99]
    activity = activity_rows({KEY: scored}, negatives={KEY: bad})
    assert dips_of(activity, 84, 159).num_rows == 0


def test_words_of_the_lexicon_can_be_left_out():
    scored = np.full(10, 3000.0)
    activity = activity_rows({KEY: scored}, negatives={KEY: np.full(10, 500.0)})
    terms = TABLES["term_days"].from_rows(
        [term_row("shoes", day(5), "awful", 100, negatives=99)]
    )
    assert dips_of(activity, 0, 9, terms=terms).num_rows == 1
    found = find_dips(
        activity,
        terms,
        NO_SCORES,
        NO_DIPS,
        first_day=day(0),
        last_day=day(9),
        run_ids=run_ids(0, 9),
        skip_terms={"awful"},
    )
    assert found.num_rows == 0


def test_a_range_equals_its_days_one_by_one():
    series = {}
    negatives = {}
    terms = []
    rng = np.random.default_rng(4)
    for tracker in ("bags", "shoes"):
        for city, level in (("all", 250), ("london", 60), ("paris", 12)):
            scored = weekly_counts(rng, 140, level)
            bad = beta_binomial(rng, scored, 0.1, 0.01)
            for at in (95, 96, 98, 120):
                bad[at] = np.floor(scored[at] * 0.45)
            series[tracker, city] = scored
            negatives[tracker, city] = bad
        for i in range(140):
            for word in ("red", "blue", "summer"):
                n = int(rng.integers(20, 60))
                terms.append(
                    term_row(tracker, day(i), word, n, negatives=rng.binomial(n, 0.1))
                )
        for i in (100, 101, 103, 125):
            terms.append(term_row(tracker, day(i), "strike", 90, negatives=60))
            terms.append(term_row(tracker, day(i), "union", 80, negatives=50))
    activity = activity_rows(series, negatives=negatives)
    term_days = TABLES["term_days"].from_rows(terms)
    scores = scores_of(activity, 140)
    bulk = dips_of(activity, 0, 139, terms=term_days, scores=scores)
    assert len(set(bulk["topic"].to_pylist())) == 2
    assert bulk.num_rows > 20
    parts = []
    for i in range(140):
        recent = [
            table.filter(
                pc.and_(
                    pc.greater_equal(table["day"], pa.scalar(day(max(0, i - 84)))),
                    pc.less_equal(table["day"], pa.scalar(day(i))),
                )
            )
            for table in (activity, term_days, scores)
        ]
        past = pa.concat_tables(parts[-84:]) if parts else NO_DIPS
        parts.append(
            dips_of(recent[0], i, i, terms=recent[1], scores=recent[2], past=past)
        )
    key = [("dip_id", "ascending"), ("day", "ascending")]
    assert pa.concat_tables(parts).sort_by(key).equals(bulk)


def test_nothing_in_gives_typed_nothing():
    found = dips_of(TABLES["activity"].empty(), 0, 3)
    assert found.schema.equals(TABLES["dips"].arrow)
    assert found.num_rows == 0


def test_one_row_has_no_baseline_and_no_dip():
    activity = activity_rows({KEY: [100]}, negatives={KEY: [90]})
    assert dips_of(activity, 0, 0).num_rows == 0


def test_severity_grows_as_stated():
    rule = DipRule()
    assert dip_severity(0.0015, 2.0, 5, 1, rule) == 1
    assert dip_severity(0.0015**2.1, 2.0, 5, 1, rule) == 2
    assert dip_severity(0.0015**2.1, 4.0, 20, 2, rule) == 5
    assert dip_severity(0.0, 50.0, 10_000, 5, rule) == 10
