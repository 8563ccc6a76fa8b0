"""The word for how concentrated an event's excess is."""

from __future__ import annotations

import polars as pl
import pytest

from trendlab.signals.contributions import concentration


def authors(*counts: tuple[float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        counts,
        schema={"observed": pl.Float64, "expected": pl.Float64},
        orient="row",
    )


def test_an_authors_part_is_the_excess_over_the_own_usual() -> None:
    # loud and new have 10 posts too many each; steady posts as ever
    found = concentration(authors((11, 1), (10, 0), (2, 2), (0, 5)), 23)

    assert (found.authors_count, found.known_share) == (4, 1.0)
    assert found.top_share == 0.5
    assert found.hhi == pytest.approx(0.5)
    assert found.verdict == "single"


@pytest.mark.parametrize(
    ("count", "verdict"), [(1, "single"), (4, "few"), (8, "few"), (40, "broad")]
)
def test_the_verdict_follows_the_number_of_equal_authors(
    count: int, verdict: str
) -> None:
    found = concentration(authors(*[(6.0, 0.0)] * count), 6 * count)

    assert found.verdict == verdict
    assert found.hhi == pytest.approx(1 / count)


@pytest.mark.parametrize("count", [5, 8, 60])
def test_strangers_with_a_post_each_are_not_a_few(count: int) -> None:
    found = concentration(authors(*[(1.0, 0.0)] * count), count)

    assert found.hhi == pytest.approx(1 / count)
    assert found.verdict == "broad"


def test_half_of_two_posts_is_nobodys_event() -> None:
    found = concentration(authors((1, 0.0), (1, 0.1)), 2)

    assert (found.verdict, found.hhi, found.top_share) == ("not_assessable", None, None)


def test_nobody_above_the_usual_is_nobodys_event() -> None:
    found = concentration(authors((2, 2), (1, 3)), 3)

    assert (found.verdict, found.hhi, found.top_share) == ("none", 0.0, 0.0)


def test_mostly_unknown_authors_are_not_assessed() -> None:
    found = concentration(authors((4, 0)), 10)

    assert found.known_share == pytest.approx(0.4)
    assert (found.verdict, found.hhi, found.top_share) == ("not_assessable", None, None)


def test_no_items_are_not_assessed() -> None:
    assert concentration(authors(), 0).verdict == "not_assessable"
