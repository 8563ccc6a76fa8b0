"""A lake that the previous version wrote, made here by the previous schemas."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from tests.lake.rows import files_of
from trendlab.errors import LakeError, SchemaMismatch
from trendlab.lake import Lake
from trendlab.schemas import Column, Table
from trendlab.schemas.core import DAY as DAY_COLUMN
from trendlab.schemas.core import SOURCE, text

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)

BEFORE = Table(
    name="looks",
    doc="Looks; one row per look.",
    columns=(DAY_COLUMN, SOURCE, text("look_id", "id"), text("color", "colour")),
    key=("look_id",),
)
NOTED = replace(
    BEFORE,
    columns=(*BEFORE.columns, text("note", "added later", nullable=True)),
)
# color → colour, a new number, and a partition for each source
AFTER = replace(
    BEFORE,
    columns=(
        DAY_COLUMN,
        SOURCE,
        text("look_id", "id"),
        text("colour", "colour"),
        Column("letters_count", pa.int64(), "letters", minimum=0),
        text("note", "added later", nullable=True),
    ),
    partition=("day", "source"),
    version=2,
)


def name_colours(rows):
    letters = [len(colour) for colour in rows["color"].to_pylist()]
    return rows.rename_columns(["day", "source", "look_id", "colour"]).append_column(
        "letters_count", pa.array(letters, pa.int64())
    )


MIGRATIONS = {("looks", 1): name_colours}


def looks(table, *rows):
    names = table.names
    return table.from_rows([dict(zip(names, row, strict=False)) for row in rows])


@pytest.fixture
def root(tmp_path):
    """A lake of the previous version: two days, two sources in one file."""
    lake = Lake(tmp_path / "lake", tables={"looks": BEFORE})
    lake.write(
        "looks",
        MONDAY,
        looks(BEFORE, (MONDAY, "x", "1", "red"), (MONDAY, "y", "2", "green")),
    )
    lake.write("looks", TUESDAY, looks(BEFORE, (TUESDAY, "x", "3", "blue")))
    return lake.root


EXPECTED = [
    ("x", "1", "red", 3, None),
    ("y", "2", "green", 5, None),
    ("x", "3", "blue", 4, None),
]


def values(lake):
    rows = lake.read_range("looks", MONDAY, TUESDAY).to_pylist()
    return [tuple(row.values())[1:] for row in rows]


def test_an_added_column_reads_as_null_without_a_migration(root):
    lake = Lake(root, tables={"looks": NOTED})
    extra = looks(NOTED, (TUESDAY, "x", "4", "pink", "seen"))
    lake.write("looks", TUESDAY, extra)

    assert lake.read("looks", MONDAY)["note"].to_pylist() == [None, None]
    found = lake.query(
        "select look_id, note from looks order by 1", {"looks": lake.span("looks")}
    )
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("1", None),
        ("2", None),
        ("4", "seen"),
    ]
    only_old = lake.query(
        "select note from looks", {"looks": lake.span("looks", MONDAY, MONDAY)}
    )
    assert only_old.schema.field("note").type == pa.string()
    assert lake.migrate() == []


def test_an_older_version_is_refused_until_it_is_migrated(root):
    lake = Lake(root, tables={"looks": AFTER}, migrations=MIGRATIONS)

    for read in (
        lambda: lake.read("looks", MONDAY),
        lambda: lake.query("select 1 from looks", {"looks": lake.span("looks")}),
    ):
        with pytest.raises(LakeError, match="run `trendlab migrate`"):
            read()

    said = lake.migrate()

    assert said == ["looks: partitions taken to version 2: 2 of version 1"]
    assert values(lake) == EXPECTED
    assert lake.sources("looks", MONDAY) == ["x", "y"]
    assert lake.migrate() == []


def test_a_migration_that_was_cut_short_goes_on(root):
    """Killed after Monday's rows were moved and before their old file was removed."""
    left_over = {path: path.read_bytes() for path in files_of(root)}
    lake = Lake(root, tables={"looks": AFTER}, migrations=MIGRATIONS)
    lake.migrate()
    for path, content in left_over.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    with pytest.raises(LakeError, match="not partitioned by"):
        lake.read("looks", MONDAY)
    lake.migrate()

    assert values(lake) == EXPECTED


def test_sources_are_brought_together_again(root):
    """The way back: from a file for each source to one a day."""
    forth = Lake(root, tables={"looks": AFTER}, migrations=MIGRATIONS)
    forth.migrate()
    whole = replace(AFTER, partition=("day",), version=3)
    lake = Lake(root, tables={"looks": whole}, migrations={("looks", 2): lambda r: r})

    assert lake.migrate() == ["looks: partitions taken to version 3: 3 of version 2"]
    assert values(lake) == EXPECTED
    assert len(files_of(root)) == 2


def test_a_version_without_a_migration_is_an_error_and_stays(root):
    lake = Lake(root, tables={"looks": AFTER}, migrations={})
    before = files_of(root)

    with pytest.raises(LakeError, match="no migration takes looks from version 1 to 2"):
        lake.migrate()

    assert files_of(root) == before


def test_a_migration_that_gives_wrong_rows_changes_nothing(root):
    lake = Lake(
        root,
        tables={"looks": AFTER},
        migrations={("looks", 1): lambda rows: rows.drop_columns(["color"])},
    )
    before = files_of(root)

    with pytest.raises(SchemaMismatch, match=r"missing \['colour', 'letters_count'\]"):
        lake.migrate()

    assert files_of(root) == before


def test_a_newer_version_than_ours_is_refused(root):
    new = Lake(root, tables={"looks": AFTER}, migrations=MIGRATIONS)
    new.migrate()
    old = Lake(root, tables={"looks": replace(AFTER, version=1)})

    with pytest.raises(LakeError, match="newer trendlab"):
        old.read("looks", MONDAY)
    with pytest.raises(LakeError, match="newer trendlab"):
        old.migrate()


def test_a_column_that_changed_without_a_version_is_refused(root):
    retyped = replace(
        BEFORE, columns=(*BEFORE.columns[:3], Column("color", pa.int64(), "colour"))
    )
    for table in (retyped, replace(AFTER, version=1, partition=("day",))):
        with pytest.raises(SchemaMismatch, match="needs a new version"):
            Lake(root, tables={"looks": table}).read("looks", MONDAY)
