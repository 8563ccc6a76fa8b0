from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from tests.lake.rows import DAY, NOON, POSTS, RUNS, files_of, post, posts, runs
from trendlab.errors import LakeError, MissingPartition, SchemaMismatch
from trendlab.lake import Lake
from trendlab.schemas import TABLES


def test_what_is_written_is_read_sorted_by_key(lake):
    lake.write("posts", DAY, posts(post("b"), post("a")), source="x")

    read = lake.read("posts", DAY)

    assert read.equals(posts(post("a"), post("b")))
    assert read.schema.equals(POSTS.arrow, check_metadata=True)


def test_every_declared_table_is_written_and_read_empty_and_typed(lake):
    for name, table in TABLES.items():
        if not table.partition:
            lake.write_flat(name, table.empty())
            read = lake.read_flat(name)
        else:
            source = "x" if "source" in table.partition else None
            lake.write(name, DAY, table.empty(), source=source)
            read = lake.read(name, DAY, required=True)
        assert read.schema.equals(table.arrow, check_metadata=True), name
        assert read.num_rows == 0


def test_a_partition_that_was_never_written_reads_typed_and_empty(lake):
    assert lake.read("posts", DAY).equals(POSTS.empty())
    assert lake.read_range("posts", DAY, DAY).equals(POSTS.empty())
    assert lake.read_flat("cities").num_rows == 0
    assert lake.days("posts") == []
    assert lake.sources("posts", DAY) == []
    assert lake.paths("posts") == []
    assert lake.fingerprint("posts", DAY) == ""


def test_a_missing_partition_is_an_error_where_it_is_required(lake):
    lake.write("posts", DAY, POSTS.empty(), source="x")

    assert lake.read("posts", DAY, required=True).num_rows == 0
    with pytest.raises(MissingPartition, match="2026-01-06: expected a partition"):
        lake.read("posts", DAY + timedelta(days=1), required=True)
    with pytest.raises(MissingPartition, match="2026-01-05 y: expected"):
        lake.read("posts", DAY, source="y", required=True)


def test_columns_are_read_in_the_order_asked(lake):
    lake.write("posts", DAY, posts(post("a", likes_count=3)), source="x")

    read = lake.read("posts", DAY, columns=["likes_count", "post_id"])

    assert read.to_pylist() == [{"likes_count": 3, "post_id": "a"}]
    with pytest.raises(SchemaMismatch, match="no columns"):
        lake.read("posts", DAY, columns=["likes"])


def test_sources_of_a_day_are_replaced_apart_and_read_together(lake):
    lake.write("posts", DAY, posts(post("a")), source="x")
    lake.write("posts", DAY, posts(post("b", source="y")), source="y")
    lake.write("posts", DAY, posts(post("c")), source="x")

    assert lake.sources("posts", DAY) == ["x", "y"]
    assert lake.read("posts", DAY)["post_id"].to_pylist() == ["c", "b"]
    assert lake.read("posts", DAY, source="y")["post_id"].to_pylist() == ["b"]


def test_a_range_is_read_in_order_of_days(lake):
    days = [date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 1)]
    lake.write_many("runs", {day: runs(str(day), 1, day) for day in days})

    read = lake.read_range("runs", date(2026, 1, 1), date(2026, 1, 9))

    assert read["run_id"].to_pylist() == ["2026-01-01", "2026-01-02"]
    assert lake.days("runs") == sorted(days)


def test_writing_in_bulk_gives_the_same_files_as_one_by_one(tmp_path):
    days = [DAY + timedelta(days=number) for number in range(150)]
    parts = {day: runs(f"r{day}", day.day, day) for day in days}
    bulk, single = Lake(tmp_path / "bulk"), Lake(tmp_path / "single")

    bulk.write_many("runs", parts)
    for day in reversed(days):
        single.write("runs", day, parts[day])

    assert [p.relative_to(bulk.root) for p in files_of(bulk.root)] == [
        p.relative_to(single.root) for p in files_of(single.root)
    ]
    assert {p.read_bytes() for p in files_of(bulk.root)} == {
        p.read_bytes() for p in files_of(single.root)
    }


def test_equal_rows_in_any_order_or_chunks_give_equal_bytes(tmp_path):
    whole = runs("r", 50)
    pieces = pa.concat_tables([whole.slice(30), whole.slice(0, 30)])
    first, second = Lake(tmp_path / "1"), Lake(tmp_path / "2")

    first.write("runs", DAY, whole)
    second.write("runs", DAY, pieces)

    assert files_of(first.root)[0].read_bytes() == files_of(second.root)[0].read_bytes()
    assert first.fingerprint("runs", DAY) == second.fingerprint("runs", DAY)


def test_writing_the_same_again_touches_nothing(lake):
    lake.write("runs", DAY, runs("r"))
    before = files_of(lake.root)[0].stat()

    lake.write("runs", DAY, runs("r"))

    (after,) = files_of(lake.root)
    assert after.stat().st_mtime_ns == before.st_mtime_ns
    assert after.stat().st_ino == before.st_ino


def test_one_file_is_left_after_a_replacement(lake):
    for marker in ("one", "two", "three"):
        lake.write("runs", DAY, runs(marker))

    assert len(files_of(lake.root)) == 1
    assert set(lake.read("runs", DAY)["run_id"].to_pylist()) == {"three"}
    assert list((lake.root / ".tmp").iterdir()) == []


def test_a_fingerprint_changes_with_rows_and_comes_back_with_them(lake):
    lake.write("runs", DAY, runs("one"))
    one = lake.fingerprint("runs", DAY)
    lake.write("runs", DAY, runs("two"))
    two = lake.fingerprint("runs", DAY)
    lake.write("runs", DAY, runs("one"))

    assert one != two
    assert lake.fingerprint("runs", DAY) == one


def test_a_table_without_partitions_is_replaced_whole(lake):
    cities = TABLES["cities"]
    row = {
        "city": "rome",
        "name": "Rome",
        "country_code": "IT",
        "region": "Europe",
        "lat": 41.9,
        "lon": 12.5,
        "radius_km": 30.0,
        "time_zone": "Europe/Rome",
    }
    lake.write_flat("cities", cities.from_rows([row, row | {"city": "oslo"}]))
    lake.write_flat("cities", cities.from_rows([row]))

    assert lake.read_flat("cities").to_pylist() == [row]
    assert lake.fingerprint("cities") != ""
    with pytest.raises(LakeError, match="not partitioned"):
        lake.write("cities", DAY, cities.empty())
    with pytest.raises(LakeError, match="partitioned by day"):
        lake.read_flat("posts")


@pytest.mark.parametrize(
    "source",
    ["../../etc", "a/b", "", "Upper", "x\0", "x\n", "é", "x" * 41, "source=x", "."],
)
def test_a_hostile_source_name_is_refused(lake, source):
    with pytest.raises(LakeError, match="source's name"):
        lake.write("posts", DAY, POSTS.empty(), source=source)
    with pytest.raises(LakeError, match="source's name"):
        lake.read("posts", DAY, source=source)
    assert files_of(lake.root.parent) == []


@pytest.mark.parametrize("post_id", ["a\0b", "x" * 300, "../../a", "day=1", "é\n'\""])
def test_any_id_is_a_value_and_never_a_path(lake, post_id):
    lake.write("posts", DAY, posts(post(post_id)), source="x")

    assert lake.read("posts", DAY)["post_id"].to_pylist() == [post_id]
    found = lake.query(
        "select post_id from posts where post_id = $id",
        {"posts": lake.span("posts")},
        {"id": post_id},
    )
    assert found["post_id"].to_pylist() == [post_id]


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(1989, 1, 1), NOON, "x"])
def test_a_day_out_of_this_world_is_refused(lake, day):
    with pytest.raises(LakeError, match="a date from 1990 to 2100"):
        lake.write("runs", day, RUNS.empty())


def test_a_source_is_asked_for_where_it_is_needed_and_only_there(lake):
    with pytest.raises(LakeError, match="name one"):
        lake.write("posts", DAY, POSTS.empty())
    with pytest.raises(LakeError, match="not partitioned by source"):
        lake.write("runs", DAY, RUNS.empty(), source="x")
    with pytest.raises(LakeError, match="no table 'nope'"):
        lake.read("nope", DAY)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (post(likes_count=-2), "likes_count below 0 in 1 rows, got -2"),
        (post(lat=91.0), "lat above 90"),
        (post(lat=float("nan")), "lat is not a finite number"),
        (post(media_kind="gif"), "media_kind is not an allowed value"),
        (post(None), "post_id is NULL"),
        (post(day=date(2026, 1, 6)), "every row must have day 2026-01-05"),
        (post(source="y"), "every row must have source x, found y"),
    ],
)
def test_rows_that_break_the_schema_are_refused_and_the_old_stay(lake, row, says):
    lake.write("posts", DAY, posts(post("old")), source="x")

    with pytest.raises(SchemaMismatch, match=says):
        lake.write("posts", DAY, posts(post("good"), row), source="x")

    assert lake.read("posts", DAY)["post_id"].to_pylist() == ["old"]


def test_a_repeated_key_is_refused(lake):
    with pytest.raises(SchemaMismatch, match="must be unique"):
        lake.write("posts", DAY, posts(post("a"), post("a")), source="x")


def test_columns_must_be_the_declared_ones(lake):
    rows = runs("r")
    with pytest.raises(SchemaMismatch, match=r"missing \['run_id'\]"):
        lake.write("runs", DAY, rows.drop_columns(["run_id"]))
    with pytest.raises(SchemaMismatch, match=r"unknown \['more'\]"):
        lake.write("runs", DAY, rows.append_column("more", rows["step"]))
    with pytest.raises(SchemaMismatch, match="rows_count must be int64"):
        lake.write("runs", DAY, rows.set_column(6, "rows_count", rows["step"]))


def test_a_moment_past_the_year_9999_is_kept_out_at_the_partition(lake):
    late = post("a", created_at=datetime(9999, 12, 31, 23, tzinfo=NOON.tzinfo))
    late["day"] = date(9999, 12, 31)
    with pytest.raises(SchemaMismatch, match="every row must have day"):
        lake.write("posts", DAY, posts(late), source="x")


def test_folders_that_are_no_partitions_are_passed_over(lake):
    lake.write("runs", DAY, runs("r"))
    (lake.root / "runs" / "day=2026-13-77").mkdir()
    (lake.root / "runs" / "day=2026-01-07").mkdir()
    (lake.root / "runs" / "notes.txt").write_text("x")

    assert lake.days("runs") == [DAY]
    assert lake.read_range("runs", DAY, date(2026, 2, 1)).num_rows == 20
