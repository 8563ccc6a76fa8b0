"""Peaks: planted ones are found, quiet series have none, order of work is no matter."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.signals.worlds import (
    START,
    activity_rows,
    covered,
    day,
    run_ids,
    weekly_counts,
)
from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.peaks import PeakRule, find_peaks, peak_severity, score_days
from trendlab.signals.scoring import AVERAGE_MEASURES

NO_SCORES = TABLES["day_scores"].empty()


def score(activity, coverage, first, last, past=NO_SCORES):
    return score_days(
        activity,
        coverage,
        first_day=day(first),
        last_day=day(last),
        past_scores=past,
        run_ids=run_ids(first, last),
    )


def peaks_of(scores, first, last):
    return find_peaks(
        scores, first_day=day(first), last_day=day(last), run_ids=run_ids(first, last)
    )


def rows_of(scores, measure, city="all"):
    rows = [r for r in scores.to_pylist() if r["measure"] == measure]
    return {r["day"]: r for r in rows if r["city"] == city}


def test_a_planted_peak_is_one_peak_with_its_start_apex_and_end():
    posts = weekly_counts(np.random.default_rng(3), 120, 100)
    posts[100:103] = [300, 500, 320]
    activity = activity_rows({("shoes", "all"): posts})
    scores = score(activity, covered(["shoes"], 120), 84, 119)
    peaks = [
        r for r in peaks_of(scores, 84, 119).to_pylist() if r["measure"] == "posts"
    ]
    assert len({r["peak_id"] for r in peaks}) == 1
    assert [r["day"] for r in peaks] == [day(100), day(101), day(102)]
    last = peaks[-1]
    assert (last["start_on"], last["apex_on"], last["end_on"]) == (
        day(100),
        day(101),
        day(102),
    )
    assert 3 < last["ratio"] < 7
    assert last["severity"] > peaks[0]["severity"] >= 1
    assert last["excess"] == pytest.approx(1120 - 3 * 105, abs=90)


def test_a_flat_series_has_no_peak():
    activity = activity_rows({("shoes", "all"): np.full(150, 40.0)})
    scores = score(activity, covered(["shoes"], 150), 0, 149)
    assert peaks_of(scores, 0, 149).num_rows == 0
    assert set(scores["average"].to_pylist()) <= {"average", None}


@pytest.mark.parametrize("swing", [0.0, 0.25])
def test_the_interval_of_an_average_day_holds_nine_days_of_ten(swing):
    # a yearly season moves the days away from the weeks behind them
    days = np.arange(730)
    rng = np.random.default_rng(7)
    mean = 200 * np.exp(swing * np.sin(2 * np.pi * days / 365.25))
    series = {("shoes", city): rng.poisson(mean) for city in ("all", "rome", "oslo")}
    scores = score(activity_rows(series), covered(["shoes"], 730), 0, 729)
    told = [
        row["average"] == "average"
        for row in scores.to_pylist()
        if row["measure"] == "posts" and row["day"] >= day(120)
    ]
    assert 0.87 < np.mean(told) < 0.93


def test_a_missing_day_is_null_and_not_quiet():
    posts = np.full(120, 40.0)
    posts[90:97] = 0
    activity = activity_rows({("shoes", "all"): posts})
    gap = score(activity, covered(["shoes"], 120, missing=range(90, 97)), 84, 119)
    quiet = score(activity, covered(["shoes"], 120), 84, 119)
    assert rows_of(gap, "posts")[day(92)]["value"] is None
    assert rows_of(gap, "posts")[day(92)]["z"] is None
    assert rows_of(quiet, "posts")[day(92)]["value"] == 0
    assert rows_of(quiet, "posts")[day(92)]["average"] == "below"
    assert rows_of(gap, "posts")[day(100)]["valid_days"] == 77
    assert rows_of(quiet, "posts")[day(100)]["valid_days"] == 84


def test_a_partial_day_is_scored_and_stays_out_of_the_baseline():
    posts = np.full(120, 40.0)
    posts[100] = 200
    activity = activity_rows({("shoes", "all"): posts})
    scores = score(activity, covered(["shoes"], 120, partial=[100]), 84, 119)
    assert rows_of(scores, "posts")[day(100)]["is_peak"]
    assert rows_of(scores, "posts")[day(110)]["valid_days"] == 83


def test_days_covered_in_part_do_not_widen_the_interval_of_whole_days():
    posts = np.random.default_rng(7).poisson(200, 260).astype(float)
    halves = posts.copy()
    halves[::4] = np.floor(halves[::4] / 2)

    def widths(counts, coverage):
        rows = score(activity_rows({("shoes", "all"): counts}), coverage, 0, 259)
        told = list(rows_of(rows, "posts").values())[200:]
        return [r["expected_high"] - r["expected_low"] for r in told]

    whole = widths(posts, covered(["shoes"], 260))
    in_part = widths(halves, covered(["shoes"], 260, partial=range(0, 260, 4)))

    assert np.mean(in_part) == pytest.approx(np.mean(whole), rel=0.25)


def test_a_file_that_no_tracker_owns_covers_every_tracker():
    activity = activity_rows({("shoes", "all"): np.full(20, 40.0)})
    rows = rows_of(score(activity, covered(["*", "bags"], 20), 0, 19), "posts")
    assert rows[day(19)]["valid_days"] == 19


def test_a_cold_start_is_flagged_and_still_finds_a_great_peak():
    posts = np.full(20, 50.0)
    posts[15] = 500
    activity = activity_rows({("shoes", "all"): posts})
    rows = rows_of(score(activity, covered(["shoes"], 20), 0, 19), "posts")
    assert rows[day(15)]["is_peak"]
    assert rows[day(15)]["is_cold_start"]
    assert rows[day(1)]["z"] is None
    assert not any(rows[day(i)]["is_peak"] for i in range(15))


def test_provisional_likes_never_alert():
    posts = np.full(120, 40.0)
    likes = np.full(120, 10.0)
    likes[110] = 500
    young = np.zeros(120, bool)
    key = ("shoes", "all")
    final = activity_rows({key: posts}, likes_per_post={key: likes})
    young[110] = True
    provisional = activity_rows(
        {key: posts}, likes_per_post={key: likes}, is_provisional={key: young.tolist()}
    )
    coverage = covered(["shoes"], 120)
    measure = "likes_per_post"
    assert rows_of(score(final, coverage, 84, 119), measure)[day(110)]["is_peak"]
    shown = rows_of(score(provisional, coverage, 84, 119), measure)[day(110)]
    assert shown["value"] == 500
    assert shown["z"] is None
    assert not shown["is_peak"]


@pytest.mark.parametrize("measure", AVERAGE_MEASURES)
def test_totals_and_trimmed_means_are_average_or_not_and_never_a_peak(measure):
    column = {"likes": "likes_count", "comments": "comments_count"}.get(
        measure, measure
    )
    rng = np.random.default_rng(5)
    values = np.floor(rng.normal(400, 20, 120))
    values[110], values[112] = 9_000, 40
    known = [None if i == 114 else value for i, value in enumerate(values.tolist())]
    activity = activity_rows(
        {("shoes", "all"): np.full(120, 40.0)}, **{column: {("shoes", "all"): known}}
    )
    rows = rows_of(score(activity, covered(["shoes"], 120), 84, 119), measure)
    assert (rows[day(110)]["average"], rows[day(112)]["average"]) == ("above", "below")
    assert rows[day(110)]["z"] > 3.5
    assert not any(row["is_peak"] or row["is_candidate"] for row in rows.values())
    # nothing is known of that day: neither none nor average
    assert (rows[day(114)]["value"], rows[day(114)]["average"]) == (None, None)


def test_days_stored_before_a_measure_was_counted_are_missing_and_not_zero():
    """Columns that are added to a table read as NULL in files of before."""
    key = ("shoes", "all")
    rng = np.random.default_rng(5)
    values = [None] * 60 + rng.normal(40, 4, 60).tolist()
    activity = activity_rows({key: np.full(120, 40.0)}, comments_per_post={key: values})
    rows = rows_of(
        score(activity, covered(["shoes"], 120), 0, 119), "comments_per_post"
    )
    assert (rows[day(59)]["value"], rows[day(59)]["average"]) == (None, None)
    assert rows[day(61)]["valid_days"] == 1
    assert rows[day(119)]["expected_low"] > 20


def test_fewer_than_ten_posts_are_never_a_peak():
    posts = np.ones(120)
    posts[100] = 9
    activity = activity_rows({("shoes", "all"): posts})
    row = rows_of(score(activity, covered(["shoes"], 120), 84, 119), "posts")[day(100)]
    assert row["is_candidate"]
    assert not row["is_peak"]


def test_a_changed_tracker_restarts_its_baseline():
    posts = np.full(120, 40.0)
    posts[100:] = 200
    activity = activity_rows({("shoes", "all"): posts})
    coverage = covered(["shoes"], 120, versions=lambda i: "v1" if i < 100 else "v2")
    rows = rows_of(score(activity, coverage, 84, 119), "posts")
    assert rows[day(110)]["valid_days"] == 10
    assert rows[day(110)]["is_cold_start"]
    assert not any(row["is_peak"] for row in rows.values())


def test_a_lasting_new_level_stops_being_a_peak():
    posts = weekly_counts(np.random.default_rng(5), 200, 60)
    posts[120:] *= 4
    activity = activity_rows({("shoes", "all"): posts})
    rows = rows_of(score(activity, covered(["shoes"], 200), 84, 199), "posts")
    assert rows[day(121)]["is_peak"]
    assert not any(rows[day(i)]["is_peak"] for i in range(150, 200))


def test_a_range_equals_its_days_one_by_one():
    rng = np.random.default_rng(8)
    series = {
        (tracker, city): weekly_counts(rng, 150, level)
        for tracker in ("bags", "shoes")
        for city, level in (("all", 90), ("london", 30), ("paris", 4))
    }
    series["shoes", "paris"][:130] = 0
    for at in (100, 101, 110, 131):
        series["shoes", "all"][at] *= 4
        series["bags", "london"][at] *= 3
    negatives = {key: np.floor(posts * 0.2) for key, posts in series.items()}
    activity = activity_rows(series, negatives=negatives)
    coverage = covered(["bags", "shoes"], 150, missing=[95, 96, 120], partial=[105])
    bulk = score(activity, coverage, 0, 149)
    bulk_peaks = peaks_of(bulk, 0, 149)
    assert bulk_peaks.num_rows > 5
    past = NO_SCORES
    parts = []
    peaks = []
    for i in range(150):
        inside = pc.and_(
            pc.greater_equal(activity["day"], pa.scalar(day(max(0, i - 84)))),
            pc.less_equal(activity["day"], pa.scalar(day(i))),
        )
        today = score(activity.filter(inside), coverage, i, i, past)
        parts.append(today)
        recent = pa.concat_tables(parts[-85:])
        past = pa.concat_tables(parts[-84:])
        peaks.append(peaks_of(recent, i, i))
    key = [(name, "ascending") for name in TABLES["day_scores"].key]
    assert pa.concat_tables(parts).sort_by(key).equals(bulk.sort_by(key))
    key = [(name, "ascending") for name in TABLES["peaks"].key]
    assert pa.concat_tables(peaks).sort_by(key).equals(bulk_peaks.sort_by(key))


def test_nothing_in_gives_typed_nothing():
    empty = TABLES["activity"].empty()
    scores = score(empty, covered([], 0), 0, 3)
    assert scores.schema.equals(TABLES["day_scores"].arrow)
    assert scores.num_rows == 0
    assert peaks_of(scores, 0, 3).schema.equals(TABLES["peaks"].arrow)


def test_one_row_has_a_value_and_no_verdict():
    activity = activity_rows({("shoes", "all"): [25]})
    rows = rows_of(score(activity, covered(["shoes"], 1), 0, 0), "posts")
    assert rows[START]["value"] == 25
    assert rows[START]["z"] is None
    assert not rows[START]["is_peak"]


def test_a_day_without_run_id_is_an_error():
    activity = activity_rows({("shoes", "all"): [25]})
    with pytest.raises(SignalError, match="2024-01-02"):
        score_days(
            activity,
            covered(["shoes"], 2),
            first_day=day(0),
            last_day=day(1),
            past_scores=NO_SCORES,
            run_ids=run_ids(0, 0),
        )


def test_severity_grows_as_stated():
    rule = PeakRule()
    assert peak_severity(3.5, 1.5, 1, rule) == 1
    assert peak_severity(7.0, 1.5, 1, rule) == 3
    assert peak_severity(7.0, 3.0, 2, rule) == 5
    assert peak_severity(1000.0, 100.0, 9, rule) == 10


def test_a_gap_of_one_day_is_one_peak_and_of_two_days_is_two():
    posts = np.full(130, 40.0)
    posts[[100, 102, 110, 113]] = 200
    activity = activity_rows({("shoes", "all"): posts})
    scores = score(activity, covered(["shoes"], 130), 84, 129)
    rows = [r for r in peaks_of(scores, 84, 129).to_pylist() if r["measure"] == "posts"]
    starts = sorted({(r["start_on"], r["end_on"]) for r in rows})
    assert starts == [
        (day(100), day(100)),
        (day(100), day(102)),
        (day(110), day(110)),
        (day(113), day(113)),
    ]


def test_many_quiet_series_make_few_peaks():
    rng = np.random.default_rng(12)
    series = {("t", f"c{i}"): weekly_counts(rng, 180, 80) for i in range(40)}
    scores = score(activity_rows(series), covered(["t"], 180), 84, 179)
    peaks = peaks_of(scores, 84, 179).to_pylist()
    alarms = {r["peak_id"] for r in peaks if r["measure"] == "posts"}
    assert len(alarms) <= 0.003 * 40 * 96
