"""Forecasts of CSV files: what goes in, what comes out, and every complaint."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from trendlab.errors import SettingsError, SignalError
from trendlab.steps.series_forecast import forecast_file, match_external, read_wide

START = date(2020, 1, 6)


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines_of(weeks: int, *, header: str = "date,red,blue") -> list[str]:
    rng = np.random.default_rng(2)
    lines = [header]
    for week in range(weeks):
        wave = 0.05 * (1 + 0.4 * np.sin(2 * np.pi * week / 52.1775))
        red, blue = wave * rng.uniform(0.9, 1.1), 0.1 - wave * rng.uniform(0.9, 1.1)
        lines.append(f"{START + timedelta(weeks=week)},{red!r},{blue!r}")
    return [line.replace("np.float64(", "").replace(")", "") for line in lines]


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_a_file_in_gives_the_coming_weeks_and_their_quantiles(tmp_path):
    series = write(tmp_path / "in.csv", lines_of(208))
    out, spread = tmp_path / "out.csv", tmp_path / "spread.csv"
    said = list(
        forecast_file(series, out, horizon=52, quantiles_path=spread, setting="light")
    )
    rows = read(out)
    assert rows[0] == ["date", "red", "blue"]
    assert len(rows) == 53
    assert rows[1][0] == str(START + timedelta(weeks=208))
    assert all(float(cell) > 0 for row in rows[1:] for cell in row[1:])
    long = read(spread)
    assert long[0] == ["date", "series", "quantile", "value"]
    assert len(long) == 1 + 52 * 2 * 7
    middle = [row for row in long if row[2] == "0.5" and row[1] == "red"]
    assert [row[3] for row in middle] == [row[1] for row in rows[1:]]
    assert any("backtest MASE" in line for line in said)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv", "out.csv", "spread.csv",
    ]  # fmt: skip


def test_two_runs_write_equal_bytes(tmp_path):
    series = write(tmp_path / "in.csv", lines_of(160))
    for name in ("a.csv", "b.csv"):
        list(forecast_file(series, tmp_path / name, horizon=20))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_unnamed_date_column_stays_unnamed(tmp_path):
    series = write(tmp_path / "in.csv", lines_of(110, header=",red,blue"))
    list(forecast_file(series, tmp_path / "out.csv", horizon=2, setting="light"))
    assert read(tmp_path / "out.csv")[0] == ["", "red", "blue"]


def test_an_external_signal_may_hold_more_weeks_and_columns(tmp_path):
    series = write(tmp_path / "in.csv", lines_of(160))
    wider = [
        f"{line},{1.0 if place else 'green'}"
        for place, line in enumerate(lines_of(170))
    ]
    external = write(tmp_path / "external.csv", wider)
    list(
        forecast_file(
            series,
            tmp_path / "out.csv",
            horizon=4,
            external_path=external,
            setting="light",
        )
    )
    cut = match_external(read_wide(series), read_wide(external), external)
    assert cut.num_rows == 160
    assert cut.column_names == ["date", "red", "blue"]


def test_an_external_signal_must_hold_the_weeks_and_columns(tmp_path):
    series = read_wide(write(tmp_path / "in.csv", lines_of(160)))
    late = write(tmp_path / "late.csv", lines_of(150))
    other = write(tmp_path / "other.csv", lines_of(160, header="date,red,pink"))
    with pytest.raises(SignalError, match=r"late\.csv: holds .* the series"):
        match_external(series, read_wide(late), late)
    with pytest.raises(SignalError, match="no column 'blue'"):
        match_external(series, read_wide(other), other)


def test_few_weeks_are_forecast_with_a_note(tmp_path):
    series = write(tmp_path / "in.csv", lines_of(60))
    said = list(forecast_file(series, tmp_path / "out.csv", horizon=4))
    assert any("fewer than two seasons" in line for line in said)
    assert len(read(tmp_path / "out.csv")) == 5


def test_constant_series_and_zeros_are_forecast_with_a_note(tmp_path):
    lines = lines_of(160)
    lines = [lines[0]] + [f"{line.split(',')[0]},0,0.5" for line in lines[1:]]
    series = write(tmp_path / "in.csv", lines)
    said = list(forecast_file(series, tmp_path / "out.csv", horizon=3))
    assert any("2 series constant" in line for line in said)
    assert [row[1:] for row in read(tmp_path / "out.csv")[1:]] == [["0.0", "0.5"]] * 3


def test_empty_cells_and_blank_lines_and_times_at_midnight_are_understood(tmp_path):
    lines = lines_of(20)
    lines[3] = f"{START + timedelta(weeks=2)} 00:00:00,,NaN"
    lines.insert(5, "")
    rows = read_wide(write(tmp_path / "in.csv", lines))
    assert rows.num_rows == 20
    assert rows["red"].null_count == rows["blue"].null_count == 1


def changed(line: int, text: str) -> list[str]:
    lines = lines_of(20)
    lines[line] = text
    return lines


WEEK = {place: START + timedelta(weeks=place - 1) for place in range(1, 21)}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "expected a header"),
        (["date"], "expected a header"),
        (["date,red,red", "2020-01-06,1,1"], "'red' is there twice"),
        (["date,red,", "2020-01-06,1,1"], "column 3 has no name"),
        (["date,red"], "0 weeks; at least 8"),
        (lines_of(7), "7 weeks; at least 8"),
        (changed(4, "06/01/2020,1,1"), "line 5: expected a date"),
        (changed(4, "2020-02-30,1,1"), "line 5: expected a date"),
        (changed(4, f"{WEEK[3]},1,1"), "line 5: week 2020-01-20 is there twice"),
        (changed(4, f"{WEEK[5]},1,1"), "line 5: week 2020-01-27 is missing"),
        (changed(4, "2019-01-07,1,1"), "sort the weeks"),
        (changed(4, "2020-01-28,1,1"), "8 days after 2020-01-20"),
        (changed(4, f"{WEEK[4]},1"), "line 5: 2 cells, the header 3"),
        (changed(4, f"{WEEK[4]},1,many"), "line 5, column 'blue': expected a number"),
        (changed(4, f"{WEEK[4]},1,inf"), "finite"),
        (changed(4, f"{WEEK[4]},1,-0.1"), "≥ 0"),
        (changed(4, f"{WEEK[4]},1,\0"), "line 5: a NUL byte"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, lines, complaint):
    path = write(tmp_path / "in.csv", lines)
    with pytest.raises(SignalError) as caught:
        read_wide(path)
    assert complaint in str(caught.value)
    assert "in.csv" in str(caught.value)


def test_a_missing_or_binary_file_is_refused(tmp_path):
    with pytest.raises(SignalError, match="cannot be read"):
        read_wide(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"date,caf\xe9\n")
    with pytest.raises(SignalError, match="not UTF-8"):
        read_wide(tmp_path / "latin.csv")


def test_misuse_is_told_before_anything_is_read(tmp_path):
    series = write(tmp_path / "in.csv", ["nonsense"])
    for horizon in (0, -1, 521):
        with pytest.raises(SettingsError, match="--horizon"):
            list(forecast_file(series, tmp_path / "out.csv", horizon=horizon))
    with pytest.raises(SettingsError, match="written over"):
        list(forecast_file(series, series, horizon=1))
    with pytest.raises(SettingsError, match="folder does not exist"):
        list(forecast_file(series, tmp_path / "no" / "out.csv", horizon=1))
    with pytest.raises(SettingsError, match="both"):
        list(
            forecast_file(
                series,
                tmp_path / "out.csv",
                horizon=1,
                quantiles_path=tmp_path / "out.csv",
            )
        )
