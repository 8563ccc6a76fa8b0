from datetime import date, timedelta

import pyarrow as pa
import pytest

from tests.lake.rows import DAY, NOON, POSTS, post, posts, runs
from trendlab.errors import LakeError
from trendlab.lake import Lake, Span


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    days = [DAY + timedelta(days=number) for number in range(3)]
    lake.write_many("runs", {day: runs(f"r{day.day}", 2, day) for day in days})
    return lake


def test_a_span_is_the_days_of_its_range(lake):
    sql = "select distinct run_id from runs order by 1"

    def run_ids(span):
        return lake.query(sql, {"runs": span})["run_id"].to_pylist()

    assert run_ids(Span("runs")) == ["r5", "r6", "r7"]
    assert run_ids(Span("runs", DAY + timedelta(days=1))) == ["r6", "r7"]
    assert run_ids(lake.span("runs", None, DAY)) == ["r5"]
    assert run_ids(lake.span("runs", date(2027, 1, 1))) == []


def test_an_empty_span_has_the_declared_columns_and_types(lake):
    found = lake.query("select * from posts", {"posts": lake.span("posts")})

    assert found.schema.names == POSTS.names
    assert found.schema.field("created_at").type == pa.timestamp("us", tz="UTC")
    assert found.schema.field("day").type == pa.date32()
    assert found.schema.field("hashtags").type == pa.list_(pa.string())


def test_days_come_back_as_dates_and_moments_in_utc(lake):
    lake.write("posts", DAY, posts(post("a", hashtags=["red", "coat"])), source="x")

    found = lake.query(
        "select day, created_at, unnest(hashtags) as hashtag, "
        "date_trunc('hour', created_at) as hour from posts order by hashtag",
        {"posts": lake.span("posts")},
    )

    assert found.to_pylist() == [
        {"day": DAY, "created_at": NOON, "hashtag": "coat", "hour": NOON},
        {"day": DAY, "created_at": NOON, "hashtag": "red", "hour": NOON},
    ]


def test_tables_at_hand_and_parameters_join_with_spans(lake):
    wanted = pa.table({"step": ["step 000001"], "name": ["it's one"]})

    found = lake.query(
        "select w.name, count(*) as n from runs join wanted as w using (step) "
        "where runs.day >= $first group by w.name",
        {"runs": lake.span("runs"), "wanted": wanted},
        {"first": DAY + timedelta(days=1)},
    )

    assert found.to_pylist() == [{"name": "it's one", "n": 2}]


@pytest.mark.parametrize("name", ["plain", "it's [a-b] *?", "ø ü"])
def test_the_folder_may_have_any_name(tmp_path, name):
    lake = Lake(tmp_path / name)
    lake.write("runs", DAY, runs("r"))

    found = lake.query("select count(*) as n from runs", {"runs": lake.span("runs")})

    assert found["n"].to_pylist() == [20]


def test_a_query_reads_nothing_outside_the_lake(lake, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")

    with pytest.raises(LakeError, match="Permission"):
        lake.query(f"select * from read_csv('{secret}')", {})
    with pytest.raises(LakeError, match="failed"):
        lake.query("install httpfs", {})


def test_a_query_sees_no_variables_of_python(lake):
    hidden = pa.table({"a": [1]})

    with pytest.raises(LakeError, match="hidden"):
        lake.query("select * from hidden", {})
    assert hidden.num_rows == 1


def test_a_long_query_draws_no_progress_into_what_is_printed(lake):
    found = lake.query("select current_setting('enable_progress_bar') as shown", {})
    assert found.to_pylist() == [{"shown": False}]


def test_a_wrong_query_names_its_relations(lake):
    with pytest.raises(LakeError, match=r"query over \['runs'\] failed"):
        lake.query("select nothing from runs", {"runs": lake.span("runs")})
    with pytest.raises(LakeError, match="no table 'nope'"):
        lake.query("select 1", {"nope": Span("nope")})


def test_a_query_larger_than_its_memory_spills_and_leaves_nothing(tmp_path):
    lake = Lake(tmp_path / "lake", threads=1, memory_limit="48MB")
    lake.write("runs", DAY, runs("r", 1000))

    found = lake.query(
        "select count(*) as n from (select distinct a.rows_count * 1000 + b.rows_count "
        "as pair, a.step || b.step as steps from runs as a, runs as b)",
        {"runs": lake.span("runs")},
    )

    assert found["n"].to_pylist() == [1_000_000]
    assert list((lake.root / ".tmp").iterdir()) == []
