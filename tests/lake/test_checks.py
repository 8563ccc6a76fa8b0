from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lake.rows import POSTS, post, posts, runs
from trendlab.errors import SchemaMismatch
from trendlab.lake import Rejected, check_rows
from trendlab.schemas import TABLES


def test_good_rows_pass_as_they_are():
    rows = posts(post("a"), post("b", likes_count=0, lat=-90.0, lon=180.0))

    accepted, rejected = check_rows(POSTS, rows)

    assert accepted.equals(rows)
    assert rejected == []


def test_no_rows_pass_typed_and_empty():
    accepted, rejected = check_rows(POSTS, POSTS.empty())

    assert accepted.equals(POSTS.empty())
    assert rejected == []


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"likes_count": -2}, "likes_count below 0", "likes_count=-2"),
        ({"lat": 90.5}, "lat above 90", "lat=90.5"),
        ({"lon": float("nan")}, "lon is not a finite number", "lon=nan"),
        ({"lat": float("inf")}, "lat is not a finite number", "lat=inf"),
        ({"post_id": None}, "post_id is NULL", "post_id=None"),
        ({"hashtags": None}, "hashtags is NULL", "hashtags=None"),
        ({"hashtags": ["a", None]}, "hashtags holds NULL", "hashtags=['a', None]"),
        (
            {"hashtags": ["a", "b\0"]},
            "hashtags holds a NUL character",
            "hashtags=['a', 'b\\x00']",
        ),
        ({"caption": "\0"}, "caption holds a NUL character", "caption='\\x00'"),
        (
            {"media_kind": "gif"},
            "media_kind is not an allowed value",
            "media_kind='gif'",
        ),
        (
            {"day": date(2101, 1, 1)},
            "day outside 1990 to 2100",
            "day=datetime.date(2101, 1, 1)",
        ),
    ],
)
def test_a_bad_value_is_refused_with_its_reason(change, reason, detail):
    rows = posts(post("a"), post("b") | change, post("c"))

    accepted, rejected = check_rows(POSTS, rows)

    assert accepted["post_id"].to_pylist() == ["a", "c"]
    assert rejected == [Rejected(1, reason, detail)]


@pytest.mark.parametrize("year", [1, 1989, 2101, 9999])
def test_a_year_far_off_is_refused(year):
    rows = posts(post("a", created_at=datetime(year, 6, 1, tzinfo=UTC)))

    _, (rejected,) = check_rows(POSTS, rows)

    assert rejected.reason == "created_at outside 1990 to 2100"


def test_a_moment_that_python_cannot_show_is_refused_like_any_other():
    rows = posts(post("a"))
    position = POSTS.names.index("created_at")
    beyond = pa.array([2**62], pa.int64()).cast(POSTS.arrow.field(position).type)

    _, (rejected,) = check_rows(POSTS, rows.set_column(position, "created_at", beyond))

    assert rejected.reason == "created_at outside 1990 to 2100"
    assert str(2**62) in rejected.detail


def test_a_row_with_many_faults_is_refused_once_and_names_them_all():
    rows = posts(post("a", likes_count=-1, media_count=-3, lat=99.0))

    accepted, (rejected,) = check_rows(POSTS, rows)

    assert accepted.num_rows == 0
    assert rejected.detail == "media_count=-3; likes_count=-1; lat=99.0"


def test_a_long_value_is_cut_in_the_detail():
    _, (rejected,) = check_rows(POSTS, posts(post("\0" + "x" * 5000)))

    assert len(rejected.detail) < 100


def test_ids_of_any_length_and_script_pass():
    rows = posts(post("x" * 300), post("../etc"), post("पोस्ट"), post(""))

    assert check_rows(POSTS, rows)[1] == []


def test_rows_beside_a_nul_are_not_taken_for_it():
    """A slice shares its bytes with the rows around it."""
    rows = posts(post("a\0"), post("b", hashtags=["c"]), post("\0", hashtags=["\0"]))

    assert check_rows(POSTS, rows.slice(1, 1))[1] == []
    assert [each.row_index for each in check_rows(POSTS, rows)[1]] == [0, 2]


def test_other_columns_than_the_declared_are_an_error():
    with pytest.raises(SchemaMismatch, match="missing"):
        check_rows(POSTS, runs("r"))


def test_large_and_dictionary_texts_are_taken_as_texts():
    rows = runs("r", 3)
    other = rows.set_column(
        1, "step", rows["step"].cast(pa.large_string()).dictionary_encode()
    )

    accepted, rejected = check_rows(TABLES["runs"], other)

    assert accepted.equals(rows)
    assert rejected == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-2, 3)),
            st.one_of(st.none(), st.floats(-200, 200), st.just(float("nan"))),
            st.sampled_from(["none", "image", "gif"]),
        ),
        max_size=20,
    )
)
def test_accepted_and_rejected_are_all_the_rows_and_no_row_twice(values):
    """Against the same rules, row by row in Python."""
    rows = posts(
        *(
            post(f"{number}", likes_count=likes, lat=lat, media_kind=kind)
            for number, (likes, lat, kind) in enumerate(values)
        )
    )
    good = [
        (likes is None or likes >= 0)
        and (lat is None or -90 <= lat <= 90)
        and kind != "gif"
        for likes, lat, kind in values
    ]

    accepted, rejected = check_rows(POSTS, rows)

    assert accepted.num_rows + len(rejected) == rows.num_rows
    assert accepted["post_id"].to_pylist() == [
        f"{number}" for number, is_good in enumerate(good) if is_good
    ]
    assert [each.row_index for each in rejected] == [
        number for number, is_good in enumerate(good) if not is_good
    ]
