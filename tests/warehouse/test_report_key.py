"""A page is known by all that it shows: whatever changes of that, the hash does."""

from __future__ import annotations

import ast
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import trendlab
from tests.warehouse.rows import MONDAY, rows_of
from trendlab.report.render import PAGE, read_shown
from trendlab.resources import bundled
from trendlab.steps.report_key import DRAWING_ROOMS, hash_page
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

PACKAGE = Path(trendlab.__file__).parent
SCOPE = {"tracker": "all", "first_day": "2026-01-05", "last_day": "2026-02-01"}
POST = {"post_id": "p1", "caption": "a coat"}
HALIFAX = {"city": "halifax", "name": "Halifax"}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "page.py"
    path.write_text("# %%\nprint('one')\n")
    return path


def load(warehouse: Warehouse, fingerprint: str, **cities: object) -> None:
    load_days(
        warehouse.loader,
        MONDAY,
        MONDAY,
        {
            "posts": rows_of("posts", POST),
            "cities": rows_of("cities", {**HALIFAX, **cities}),
        },
        fingerprints={MONDAY: fingerprint},
    )


def test_the_hash_is_the_same_while_nothing_changes(
    warehouse: Warehouse, notebook: Path
) -> None:
    load(warehouse, "f1")
    before = hash_page(warehouse, notebook, SCOPE, "")
    # what a night does that finds nothing to do: tables without days are put in again
    load(warehouse, "f1")
    assert hash_page(warehouse, notebook, SCOPE, "") == before


def test_rows_of_a_day_or_of_a_table_without_days_change_it(
    warehouse: Warehouse, notebook: Path
) -> None:
    seen = set()
    for fingerprint, cities in (("f1", {}), ("f2", {}), ("f2", {"name": "Leeds"})):
        load(warehouse, fingerprint, **cities)
        seen.add(hash_page(warehouse, notebook, SCOPE, ""))
    load_days(
        warehouse.loader,
        MONDAY + timedelta(days=1),
        MONDAY + timedelta(days=1),
        {},
        fingerprints={MONDAY + timedelta(days=1): "f2"},
    )
    seen.add(hash_page(warehouse, notebook, SCOPE, ""))
    assert len(seen) == 4


def test_the_notebook_its_parameters_and_the_page_beside_it_change_it(
    warehouse: Warehouse, notebook: Path
) -> None:
    before = hash_page(warehouse, notebook, SCOPE, "")
    other = notebook.with_name("other.py")
    other.write_text("# %%\nprint('two')\n")
    assert hash_page(warehouse, other, SCOPE, "") != before
    assert hash_page(warehouse, notebook, {**SCOPE, "tracker": "coats"}, "") != before
    assert hash_page(warehouse, notebook, SCOPE, "styles-all-2026-02-01.html") != before


def test_a_changed_mart_changes_it(warehouse: Warehouse, notebook: Path) -> None:
    before = hash_page(warehouse, notebook, SCOPE, "")
    try:
        with warehouse.owner.begin() as connection:
            connection.execute(sa.text("drop view marts.styles cascade"))
        assert hash_page(warehouse, notebook, SCOPE, "") != before
    finally:
        assert marts.create(warehouse.owner)
    assert hash_page(warehouse, notebook, SCOPE, "") == before


@pytest.mark.parametrize(
    "changed", ["report/render.py", "report/page.py", "places/countries.geojson"]
)
def test_code_that_draws_and_what_it_reads_change_it(
    warehouse: Warehouse, notebook: Path, tmp_path: Path, changed: str
) -> None:
    package = tmp_path / "trendlab"
    for room in DRAWING_ROOMS:
        shutil.copytree(PACKAGE / room, package / room)
    before = hash_page(warehouse, notebook, SCOPE, "")
    assert hash_page(warehouse, notebook, SCOPE, "", package=package) == before

    text = (package / changed).read_text(encoding="utf-8")
    (package / changed).write_text(text + "\n", encoding="utf-8")

    assert hash_page(warehouse, notebook, SCOPE, "", package=package) != before


def imported(path: Path) -> set[str]:
    """Modules of ours that a file imports, in functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "trendlab"}


def test_notebooks_draw_with_code_of_the_hashed_rooms_only() -> None:
    drawing = [*bundled("notebooks").glob("*.py"), *(PACKAGE / "report").glob("*.py")]
    rooms = {f"trendlab.{room}" for room in DRAWING_ROOMS}
    for path in [*drawing, PACKAGE / "places" / "maps.py"]:
        others = {
            name
            for name in imported(path)
            if ".".join(name.split(".")[:2]) not in rooms
        }
        # errors are raised, never shown
        assert others <= {"trendlab.errors"}, path


def test_no_page_tells_when_days_were_computed() -> None:
    # the warehouse's hash says nothing of it
    for path in [
        *bundled("notebooks").glob("*.py"),
        *(PACKAGE / "report").glob("*.py"),
    ]:
        assert "marts.runs" not in path.read_text(encoding="utf-8"), path


def test_a_page_gives_back_what_it_shows(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert read_shown(page) == ""
    page.write_text(PAGE.format(title="t", style="", body="", shows="ab12"))
    assert read_shown(page) == "ab12"
    page.write_text(PAGE.format(title="t", style="", body="", shows=""))
    assert read_shown(page) == ""
