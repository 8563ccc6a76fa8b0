"""Shares of an event's excess, and the word for how concentrated it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trendlab.schemas import TABLES
from trendlab.signals.contributions import CONTRIBUTIONS, contributions

EVENT = date(2026, 1, 29)
USUAL = [date(2026, 1, 1) + timedelta(days=n) for n in range(28)]


def rows(*counts: tuple[str, date, int]):
    return TABLES["author_days"].from_rows(
        [
            {
                "day": day,
                "tracker": "denim",
                "source": "net",
                "author_id": author,
                "city": "rome",
                "posts_count": count,
                "negative_count": count // 2,
                "scored_count": count,
            }
            for author, day, count in counts
        ]
    )


def test_excess_is_own_posts_over_own_usual() -> None:
    days = rows(
        *(("steady", day, 2) for day in USUAL),
        ("steady", EVENT, 2),
        ("loud", USUAL[0], 28),
        ("loud", EVENT, 11),
        ("new", EVENT, 10),
        ("absent", USUAL[0], 5),
    )

    found = contributions(days, event_days=[EVENT], baseline_days=USUAL)

    by_author = {row["author_id"]: row for row in found.authors.to_pylist()}
    assert list(by_author) == ["loud", "new", "steady"]
    assert by_author["loud"]["expected"] == 1.0
    assert by_author["loud"]["excess"] == by_author["new"]["excess"] == 10.0
    assert by_author["steady"]["excess"] == 0.0
    assert sum(row["share"] for row in by_author.values()) == pytest.approx(1)
    assert found.hhi == pytest.approx(0.5)
    assert found.verdict == "single"


@pytest.mark.parametrize(
    ("authors", "verdict"), [(1, "single"), (4, "few"), (40, "broad")]
)
def test_the_verdict_follows_the_number_of_equal_authors(
    authors: int, verdict: str
) -> None:
    days = rows(*((f"a{n}", EVENT, 3) for n in range(authors)))

    found = contributions(days, event_days=[EVENT], baseline_days=USUAL)

    assert found.verdict == verdict
    assert found.hhi == pytest.approx(1 / authors)


def test_nobody_above_the_usual_is_nobodys_event() -> None:
    days = rows(*(("steady", day, 2) for day in [*USUAL, EVENT]))

    found = contributions(days, event_days=[EVENT], baseline_days=USUAL)

    assert (found.verdict, found.hhi) == ("none", 0.0)


def test_negatives_are_counted_on_request() -> None:
    days = rows(("critic", EVENT, 8), ("fan", EVENT, 1))

    found = contributions(
        days, event_days=[EVENT], baseline_days=USUAL, measure="negatives"
    )

    assert found.authors["author_id"].to_pylist() == ["critic"]
    assert found.authors["observed"].to_pylist() == [4.0]


def test_no_rows_give_a_typed_empty_table() -> None:
    found = contributions(rows(), event_days=[EVENT], baseline_days=USUAL)

    assert found.authors.equals(CONTRIBUTIONS.empty_table())
    assert found.verdict == "none"
