"""Influence of a CSV: what is wrong is named with its line; edges come out whole."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from bench.influence_worlds import planted_world
from trendlab.errors import SettingsError, SignalError
from trendlab.signals.influence import FORECASTS, SERIES
from trendlab.steps.series_influence import influence_of_series, read_series

HEAD = "city,style,week,share,n\n"


@pytest.fixture
def given(tmp_path):
    def write(text):
        path = tmp_path / "long.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_edges_of_a_file_come_out_twice_the_same(tmp_path):
    world = planted_world(np.random.default_rng(1), cities=12, edges=4, weeks=200)
    path = tmp_path / "long.csv"
    with path.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["week", "city", "style", "share", "n", "more"])
        for row in world.series().to_pylist():
            rows.writerow(
                [
                    row["week_start_on"],
                    row["city"],
                    row["style"],
                    row["share"],
                    int(row["looks_count"]),
                    "x",
                ]
            )
    out = tmp_path / "new" / "edges.csv"
    lines = list(influence_of_series(path, out))
    first = out.read_text()
    assert first.splitlines()[0] == (
        "source,target,style,lag_weeks,strength,q_value,delta_error,stability"
    )
    with out.open() as opened:
        found = {
            (row["source"], row["target"]): int(row["lag_weeks"])
            for row in csv.DictReader(opened)
        }
    assert found == world.planted
    assert any("placebos" in line for line in lines)
    assert any("never cause" in line for line in lines)
    list(influence_of_series(path, out))
    assert out.read_text() == first
    assert sorted(each.name for each in out.parent.iterdir()) == ["edges.csv"]


def test_forecasts_with_leaders_stand_beside_the_edges(tmp_path):
    world = planted_world(np.random.default_rng([9, 1]), cities=12, edges=6)
    path = tmp_path / "long.csv"
    with path.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["city", "style", "week", "share", "n"])
        rows.writerows(row.values() for row in world.series().to_pylist())
    out, forecasts = tmp_path / "edges.csv", tmp_path / "forecasts.csv"
    lines = list(influence_of_series(path, out, forecasts_file=forecasts))
    with forecasts.open() as opened:
        told = list(csv.DictReader(opened))
    assert tuple(told[0]) == tuple(FORECASTS.names)
    (whole,) = (
        row for row in told if row["target"] == "all" and row["is_total"] == "True"
    )
    assert whole["verdict"] == "better"
    assert set(whole["sources"].split("; ")) <= {source for source, _ in world.planted}
    (line,) = (line for line in lines if line.startswith("forecasts with leaders"))
    assert f"MASE {float(whole['mase_without']):.3f} without" in line
    assert f"better: {forecasts}" in line


def test_a_history_of_a_year_says_that_it_cannot_forecast_yet(tmp_path, given):
    rng = np.random.default_rng(0)
    rows = "".join(
        f"{city},b,{week},{share:.3f},500\n"
        for city in "abcde"
        for week, share in enumerate(rng.uniform(0.2, 0.3, 52))
    )
    forecasts = tmp_path / "forecasts.csv"
    lines = list(
        influence_of_series(
            given(HEAD + rows), tmp_path / "edges.csv", forecasts_file=forecasts
        )
    )
    assert any("nobody was seen to lead early enough" in line for line in lines)
    assert forecasts.read_text().splitlines() == [",".join(FORECASTS.names)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("city,style,week,share\n", "got city, style, week, share; missing: n"),
        (HEAD, "no rows"),
        (HEAD + "a,b,2026-01-05,1.5,100\n", "line 2: share must lie between 0 and 1"),
        (HEAD + "a,b,2026-01-05,nope,100\n", "line 2: share must be a number"),
        (HEAD + "a,b,2026-01-05,inf,100\n", "line 2: share must be a number"),
        (HEAD + "a,b,2026-01-05,0.5,-1\n", "n must be ≥ 0"),
        (HEAD + "a,b,5.1.2026,0.5,100\n", "week must be a date"),
        (HEAD + ",b,2026-01-05,0.5,100\n", "must not be empty"),
        (HEAD + "a,b,2026-01-05,0.5\n", "fewer values"),
        (HEAD + "a,b,2026-01-05,0.5,9\na,b,2026-01-05,0.6,9\n", "before, in .* line 2"),
        (HEAD + "a,b,2026-01-05,0.5,9\na,b,3,0.6,9\n", "partly dates"),
        (HEAD + "a,b,2026-01-05,0,9\na,b,0206-01-12,0,9\n", "is a year mistyped"),
    ],
)
def test_what_is_wrong_is_named(given, text, message):
    with pytest.raises(SignalError, match=message):
        read_series(given(text))


def test_misuse_of_files_is_told_and_leaves_the_series_alone(given, tmp_path):
    out = tmp_path / "edges.csv"
    with pytest.raises(SettingsError, match="wants a CSV file"):
        list(influence_of_series(tmp_path / "none.csv", out))
    path = given(HEAD + "a,b,2026-01-05,0.5,100\n")
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="--out and --series are both"):
        list(influence_of_series(path, path))
    with pytest.raises(SettingsError, match="--forecasts and --out are both"):
        list(influence_of_series(path, out, forecasts_file=out))
    assert path.read_bytes() == before


def test_a_short_history_says_how_much_is_needed(given, tmp_path):
    rows = "".join(f"{city},b,{week},0.5,500\n" for city in "ac" for week in range(20))
    out = tmp_path / "edges.csv"
    with pytest.raises(SignalError, match="at least 30 weeks, got 20"):
        list(influence_of_series(given(HEAD + rows), out))
    assert not out.exists()


def test_blank_shares_are_missing_and_weeks_may_be_written_in_three_ways(given):
    rows = read_series(
        given(
            HEAD
            + "a,b,2026-01-05,,100\n"
            + "a,b,2026-W03,0.25,nan\n"
            + "a,b,2026-01-19 00:00:00,0,1e3\n"
        )
    )
    assert rows.schema == SERIES
    assert rows["share"].to_pylist() == [None, 0.25, 0.0]
    assert rows["looks_count"].to_pylist() == [100.0, None, 1000.0]
    days = [day.isoformat() for day in rows["week_start_on"].to_pylist()]
    assert days == ["2026-01-05", "2026-01-12", "2026-01-19"]
    counted = read_series(given(HEAD + "a,b,0,0.5,100\na,b,7,0.5,100\n"))
    first, second = counted["week_start_on"].to_pylist()
    assert (second - first).days == 49
