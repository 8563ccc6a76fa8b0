"""CSV files of weekly series: what is no CSV in UTF-8 is refused with its line."""

from __future__ import annotations

import csv

import pytest

from trendlab.errors import SignalError
from trendlab.steps.series_csv import read_rows

COLUMNS = ("city", "week")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"city,week\nS\xe3o Paulo,1\n", "line 2: not UTF-8 .byte 0xe3.; save"),
        (b"city,week\nRome,\x001\n", "line 2: a NUL byte"),
        (b"", "got an empty one"),
        (b"city;week\nRome;1\n", "got city;week"),
        (b"city,week\n", "no rows below the header"),
    ],
)
def test_what_is_no_csv_of_series_is_refused(tmp_path, raw, message):
    path = tmp_path / "in.csv"
    path.write_bytes(raw)
    with pytest.raises(SignalError, match=message):
        list(read_rows(path, COLUMNS))


def test_a_field_beyond_what_the_reader_takes_is_refused(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(f"city,week\n{'R' * 2_000},1\n")
    # the limit is the process's, and other readers raise it
    usual = csv.field_size_limit(1_000)
    try:
        with pytest.raises(SignalError, match="field larger than"):
            list(read_rows(path, COLUMNS))
    finally:
        csv.field_size_limit(usual)


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(SignalError, match="cannot be read"):
        list(read_rows(tmp_path / "none.csv", COLUMNS))


def test_a_comma_for_thousands_is_refused_and_one_at_the_end_is_not(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("week,city\n1,Rome,\n")
    assert list(read_rows(path, COLUMNS)) == [(f"{path} line 2", ["Rome", "1"])]
    path.write_text("city,week\nRome,1,200\n")
    with pytest.raises(SignalError, match="line 2: more values than columns"):
        list(read_rows(path, COLUMNS))


def test_cells_come_in_the_order_asked_whatever_else_a_file_holds(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(
        'week,more,city\n 1 ,x,"São Paulo"\n2,,Rome\n', encoding="utf-8-sig"
    )
    assert list(read_rows(path, COLUMNS)) == [
        (f"{path} line 2", ["São Paulo", "1"]),
        (f"{path} line 3", ["Rome", "2"]),
    ]
