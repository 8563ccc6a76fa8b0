"""With a real Postgres: an author is gone from it, and the numbers are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps.forgetting import HANDLE, TRACES, build_home, context_of, traces_in
from tests.warehouse.conftest import open_folder
from trendlab.steps.forget import forget_author
from trendlab.steps.load import ask, load_warehouse, make_marts, open_for
from trendlab.steps.order import STEPS, run_steps

# what models look at: none is run here
PHOTOS = ("media", "garments", "garment_tags", "looks", "reviews")


@pytest.fixture(scope="module")
def homes():
    """Give a home with all computed and loaded; then without the author."""
    with open_folder() as folder:
        home = build_home(folder.parent / "home", without=(*PHOTOS, "alerts"))
        context = context_of(home)
        run_steps(context, list(STEPS), None, None)
        with open_for(context.settings):
            load_warehouse(context, None, None)
            make_marts(context)
        before = in_postgres(home)
        report = forget_author(context_of(home), "photos", "@" + HANDLE)
        yield home, before, report.lines()


def in_postgres(home: Path) -> list[str]:
    return [line for line in traces_in(home) if line.startswith("postgres")]


def test_no_byte_of_the_author_is_left_in_tables_statistics_or_log(homes):
    home, before, _ = homes

    assert any("/base/" in line for line in before)
    assert traces_in(home) == []
    # catalogues of words and names, as another way to look
    for trace in TRACES:
        rows = ask(
            context_of(home).settings,
            f"select * from marts.posts p where p::text like '%{trace}%'",
            0,
        )[1]
        assert rows == []


def test_the_numbers_are_those_of_what_is_left(homes):
    home, _, lines = homes

    asked = (
        "select day::text, posts_count from marts.activity_daily "
        "where tracker = 'coats' and city = 'all' order by day"
    )
    assert ask(context_of(home).settings, asked, 0)[1] == [
        ("2026-01-05", 2),
        ("2026-01-06", 1),
    ]
    assert any(line.startswith("match: 2 of 2 computed") for line in lines)
    with open_for(context_of(home).settings):
        assert "SQL tests passed" in make_marts(context_of(home))[0]


def test_nothing_is_stale_afterwards(homes):
    home, _, _ = homes

    done = run_steps(context_of(home), list(STEPS), None, None)

    assert [step.computed_count for step in done] == [0] * len(STEPS)
