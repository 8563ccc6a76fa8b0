"""Series files: every row comes back scored; a bad file is named with its line."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from bench.nab import Labelled, load, normalise, row_weights, score_file, total_of
from trendlab.errors import SettingsError, SourceError
from trendlab.steps.series_peaks import read_series, write_series_peaks

SHARED = Path(
    os.environ.get(
        "TRENDLAB_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"
    )
)
COSTS = {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11}


def written(tmp_path, text):
    path = tmp_path / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def scored(tmp_path, text):
    out = tmp_path / "out" / "scored.csv"
    line = write_series_peaks(written(tmp_path, text), out)
    with out.open(newline="") as rows:
        return line, list(csv.DictReader(rows))


def test_every_row_comes_back_in_order_with_its_own_timestamp(tmp_path):
    hours = [f"2026-01-{1 + i // 24:02d} {i % 24:02d}:00:00" for i in range(240)]
    values = [20 + i % 24 for i in range(240)]
    values[200] = 900
    text = "timestamp,value\n" + "".join(
        f"{hour},{value}\n" for hour, value in zip(hours, values, strict=True)
    )
    line, rows = scored(tmp_path, text)
    assert [row["timestamp"] for row in rows] == hours
    assert [float(row["value"]) for row in rows] == values
    assert [i for i, row in enumerate(rows) if row["is_peak"] == "true"] == [200]
    assert all(0 <= float(row["score"]) <= 1 for row in rows)
    assert float(rows[224]["baseline"]) == pytest.approx(28)
    assert "240 rows, one every 1 h, 0 gaps, 1 peak:" in line


def test_gaps_missing_values_offsets_and_other_columns_are_fine(tmp_path):
    line, rows = scored(
        tmp_path,
        "\ufeffVALUE,note,Timestamp\r\n5,,2026-01-01T00:00:00+01:00\r\n"
        '\r\n,"a, b",2026-01-01T01:00:00+01:00\r\n7,x,2026-01-01T04:00:00Z\r\n',
    )
    assert [row["value"] for row in rows] == ["5", "", "7"]
    assert rows[0]["timestamp"] == "2026-01-01T00:00:00+01:00"
    assert "1 without a value" in line


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_part_cells(tmp_path, mark):
    lines = ['"Timestamp",label,Value', '2026-01-01,"a ,;b",1.5', "2026-01-02,,2"]
    parted = "\n".join(line.replace(",", mark) for line in lines)

    _, rows = scored(tmp_path, "\ufeff" + parted)

    assert [row["value"] for row in rows] == ["1.5", "2"]


def test_a_file_without_rows_gives_one_without_rows(tmp_path):
    line, rows = scored(tmp_path, "timestamp,value\n")
    assert rows == []
    assert line.startswith("0 rows, 0 peaks")


HEAD = "timestamp,value\n2026-01-01,1\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column 'timestamp'"),
        ("timestamp,count\n", "no column 'value'.*'count'"),
        ("timestamp,value,value\n", "more than one column 'value'"),
        (HEAD + "yesterday,2\n", "line 3: expected a timestamp.*'yesterday'"),
        (HEAD + ",2\n", "line 3: expected a timestamp"),
        (HEAD + "2026-01-01,2\n", "line 3: timestamp '2026-01-01' repeats"),
        (HEAD + "2025-12-31,2\n", "line 3: timestamp '2025-12-31' lies before"),
        (HEAD + "2026-01-02T00:00Z,2\n", "line 3: .*with and without"),
        (HEAD + "2026-01-02,many\n", "line 3: expected a number.*'many'"),
        (HEAD + '2026-01-02,"1,200"\n', "line 3: .*got '1,200'; write a point"),
        ("timestamp;value\n2026-01-01;1,5\n", "line 2: .*got '1,5'; write a point"),
        (HEAD + "2026-01-02,1_0\n", "line 3: expected a number"),
        (HEAD + "2026-01-02,-1\n", "line 3: value must be finite and ≥ 0"),
        (HEAD + "2026-01-02,inf\n", "line 3: value must be finite"),
        (HEAD + "2026-01-02\n", "line 3: expected at least 2 cells, got 1"),
        (HEAD + "2026-01-02,1,200\n", "line 3: expected 2 cells.*got 3"),
        (HEAD + "2026-01-02,1\0\n", "line 3: a NUL"),
        (HEAD + '2026-01-02,"1\n', "line 3: "),
        (HEAD.encode() + b"\xff,1\n", "UTF-8.*0xff"),
        ("timestamp,value\n2026-01-01," + "9" * 500 + "\n", "line 2"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(SourceError, match=told) as error:
        write_series_peaks(path, tmp_path / "out.csv")
    assert "series.csv" in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 300
    assert not (tmp_path / "out.csv").exists()


def test_misuse_is_told(tmp_path):
    path = written(tmp_path, HEAD)
    with pytest.raises(SettingsError, match="--series"):
        write_series_peaks(tmp_path / "none.csv", tmp_path / "out.csv")
    with pytest.raises(SettingsError, match="must not be the input"):
        write_series_peaks(path, path)
    with pytest.raises(SettingsError, match="folder"):
        write_series_peaks(path, tmp_path)
    assert path.read_text() == HEAD


def labelled(rows, *windows):
    moments = np.arange(rows).astype("datetime64[m]")
    return Labelled("made", moments, np.zeros(rows), windows)


def marked(rows, *at):
    is_detected = np.zeros(rows, bool)
    is_detected[list(at)] = True
    return is_detected


def test_nab_scores_as_in_its_paper():
    series = labelled(1000, (500, 599), (800, 849))
    nothing = score_file(series, marked(1000), COSTS)
    assert nothing.normalised == 0
    first = score_file(series, marked(1000, 500, 800), COSTS)
    assert first.normalised == pytest.approx(100, abs=0.5)
    # the best of a window counts, rows of probation do not
    again = score_file(series, marked(1000, 3, 149, 500, 501, 590, 800), COSTS)
    assert again == first
    late = score_file(series, marked(1000, 599, 800), COSTS)
    assert 70 < late.normalised < 80
    # before any window a false alarm costs its whole weight, and 3 widths after one
    before = score_file(series, marked(1000, 150, 500, 800), COSTS)
    assert first.score - before.score == pytest.approx(0.11)
    weights = row_weights(2000, ((500, 599),), 1.0, 0.11)
    assert weights[600] == pytest.approx(-0.11 * np.tanh(2.5 / 99))
    assert weights[599 + 3 * 99] == pytest.approx(-0.11)
    assert weights[599] == pytest.approx(np.tanh(2.5 / 100) / np.tanh(2.5))
    assert normalise(0.0, 2) == 50


@pytest.mark.skipif(
    not (SHARED / "nab" / "windows.json").exists(),
    reason="needs NAB's Twitter series under TRENDLAB_SHARED_DATA/nab",
)
def test_the_twitter_series_of_nab_score_above_84(tmp_path):
    costs = json.loads((SHARED / "nab" / "profiles.json").read_text())
    outcomes = []
    for series in load(SHARED / "nab"):
        out = tmp_path / f"{series.name}.csv"
        write_series_peaks(SHARED / "nab" / "realTweets" / out.name, out)
        with out.open(newline="") as rows:
            is_peak = [float(row["score"]) >= 0.5 for row in csv.DictReader(rows)]
        costs_standard = costs["standard"]["CostMatrix"]
        outcomes.append(score_file(series, np.array(is_peak), costs_standard))
    assert total_of(outcomes) > 84


def test_reading_keeps_utc(tmp_path):
    found = read_series(
        written(tmp_path, "timestamp,value\n2026-01-01T00:30:00+02:00,1\n")
    )
    assert found.moments[0].isoformat() == "2025-12-31T22:30:00"
