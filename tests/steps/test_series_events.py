"""Events of a CSV: what is wrong is named with its line; files come out whole."""

from __future__ import annotations

import csv
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from trendlab.errors import SettingsError, SignalError
from trendlab.steps.series_events import events_of_series, read_counts

HEAD = "city,value,week,n,k\n"
DATA = os.environ.get("TRENDLAB_SHARED_DATA")


@pytest.fixture
def given(tmp_path):
    def write(text):
        path = tmp_path / "counts.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_planted_week_of_a_file_comes_out_twice_the_same(given, tmp_path):
    lines = [
        f"rome,{value},{date(2026, 1, 5) + timedelta(weeks=week)},1000,"
        f"{(200 if (value, week) == ('red', 10) else 50) + week % 3}"
        for value in ("red", "blue")
        for week in range(20)
    ]
    path = given(HEAD + "\n".join(lines) + "\n")
    out, curves = tmp_path / "new" / "events.csv", tmp_path / "new" / "curves.csv"
    told = list(events_of_series(path, out, curves_file=curves))
    first = out.read_text()
    with out.open() as opened:
        (event,) = csv.DictReader(opened)
    assert (event["value"], event["apex_week_on"]) == ("red", "2026-03-16")
    assert event["direction"] == "rise"
    assert len(curves.read_text().splitlines()) == 3
    assert any("1 events (1 rises, 0 drops; 1 firm)" in line for line in told)
    list(events_of_series(path, out, curves_file=curves))
    assert out.read_text() == first
    assert sorted(each.name for each in out.parent.iterdir()) == [
        "curves.csv",
        "events.csv",
    ]


def test_a_file_of_too_few_weeks_has_no_event_and_says_so(given, tmp_path):
    path = given(HEAD + "rome,red,2026-01-05,100,5\n")
    out = tmp_path / "events.csv"
    told = list(events_of_series(path, out))
    assert "1 left out" in told[0]
    assert len(out.read_text().splitlines()) == 1


def test_a_row_without_looks_is_not_observed(given):
    rows = read_counts(given(HEAD + "a,b,2026-01-05,,\na,b,2026-01-12,10,2\n"))
    assert rows["looks_count"].to_pylist() == [10]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("city,value,week,n\n", "got city, value, week, n; missing: k"),
        (HEAD, "no rows"),
        (HEAD + "a,b,2026-01-05,10,11\n", "line 2: k must be ≤ n = 10, got 11"),
        (HEAD + "a,b,2026-01-05,10,1.5\n", "k must be a whole number"),
        (HEAD + "a,b,2026-01-05,-1,0\n", "n must be a whole number from 0"),
        (HEAD + "a,b,2026-01-05,nope,0\n", "line 2: n must be a number"),
        (HEAD + "a,b,5.1.2026,10,1\n", "week must be a date"),
        (HEAD + ",b,2026-01-05,10,1\n", "must not be empty"),
        (HEAD + "a,b,2026-01-05,10\n", "fewer values"),
        (HEAD + "a,b,2026-01-05,1e30,0\n", "n must be a whole number from 0 to"),
        (HEAD + "a,b,2026-01-05,9,1\na,b,0206-01-12,9,1\n", "is a year mistyped"),
        (HEAD + "a,b,2026-01-05,9,1\na,b,3,9,1\n", "partly dates and partly numbers"),
        (HEAD + "a,b,2026-01-05,9,1\na,b,2026-01-05,9,2\n", "before, in .* line 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(given, text, message):
    with pytest.raises(SignalError, match=message):
        read_counts(given(text))


def test_misuse_of_files_is_told_and_leaves_the_series_alone(given, tmp_path):
    with pytest.raises(SettingsError, match="--series wants a CSV file"):
        list(events_of_series(tmp_path / "nowhere.csv", tmp_path / "events.csv"))
    path = given(HEAD + "rome,red,2026-01-05,100,5\n")
    before = path.read_bytes()
    for out, curves, message in (
        (path, None, "--out and --series are both"),
        (tmp_path / "a.csv", path, "--curves and --series are both"),
        (tmp_path / "a.csv", tmp_path / "a.csv", "--curves and --out are both"),
        (tmp_path, None, "--out wants a file to write, got folder"),
    ):
        with pytest.raises(SettingsError, match=message):
            list(events_of_series(path, out, curves_file=curves))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["counts.csv"]


@pytest.mark.skipif(DATA is None, reason="TRENDLAB_SHARED_DATA names no data sets")
def test_the_known_events_of_geostyle_are_found(given, tmp_path):
    source = Path(str(DATA)) / "trends" / "geostyle_last26_long.csv"
    if not source.is_file():
        pytest.skip(f"{source} is not there")
    with source.open() as opened:
        lines = [
            f"{row['city']},{row['attribute']}/{row['category']},"
            f"{row['week_start_inferred']},{row['n_people_recovered']},"
            f"{row['count_recovered']}"
            for row in csv.DictReader(opened)
        ]
    out = tmp_path / "events.csv"
    list(events_of_series(given(HEAD + "\n".join(lines) + "\n"), out))
    with out.open() as opened:
        events = list(csv.DictReader(opened))
    rises = {
        (row["city"], row["value"], row["apex_week_on"])
        for row in events
        if row["direction"] == "rise"
    }
    assert {
        ("Bangkok", "major_color/Yellow", "2015-11-30"),
        ("Chicago", "major_color/Green", "2016-03-07"),
        ("Moscow", "wearing_hat/Yes", "2016-01-04"),
        ("Moscow", "clothing_category/Outerwear", "2016-01-04"),
    } <= rises
    assert not any("2015-12-28" in row["weeks"] for row in events)
    assert {row["recurrence"] for row in events} == {"not_assessable"}
