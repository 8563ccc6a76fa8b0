"""What live sources share: terms, what is left to fetch, access that never shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from trendlab.errors import SettingsError
from trendlab.sources.base import Budget, Page, Plan, Request, Spend
from trendlab.sources.live import Access, LiveSource, Need, terms_of
from trendlab.sources.spans import write_moment, write_spans
from trendlab.sources.web import WebClient

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Quiet(LiveSource):
    """A source that has nothing."""

    name = "quiet"
    takes = frozenset({"hashtag"})
    longest_slice = 7 * DAY
    overlap = timedelta(hours=3)

    def bases(self) -> tuple[str, ...]:
        return ("https://quiet.example",)

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        yield from ()

    def parse(self, page: Page) -> list:
        return []

    def check(self, client: WebClient) -> list[str]:
        return []


def request(first: int, last: int, **more) -> Request:
    return Request(
        "quiet",
        hashtags=more.pop("hashtags", ("coat",)),
        since=START + first * DAY,
        until=START + last * DAY,
        now=START + 40 * DAY,
        **more,
    )


def asked(plan: Plan) -> list[tuple[str, float, float]]:
    return [
        (part.key, (part.since - START) / DAY, (part.until - START) / DAY)
        for part in plan.slices
    ]


def test_a_new_term_is_fetched_in_slices_oldest_first():
    plan = Quiet(Access((), {})).plan(request(0, 16), {})
    assert asked(plan) == [("#coat", 0, 7), ("#coat", 7, 14), ("#coat", 14, 16)]
    assert all(part.asks["resume"] is None for part in plan.slices)


def test_what_is_covered_is_not_fetched_again_but_for_the_overlap():
    state = {"#coat": {"covered": write_spans([(START + DAY, START + 3 * DAY)])}}
    plan = Quiet(Access((), {})).plan(request(0, 4), state)
    assert asked(plan) == [("#coat", 0, 1), ("#coat", 3 - 3 / 24, 4)]


def test_all_covered_leaves_nothing_to_fetch():
    state = {"#coat": {"covered": write_spans([(START, START + 9 * DAY)])}}
    assert Quiet(Access((), {})).plan(request(2, 4), state).slices == ()


def test_a_slice_that_was_not_ended_goes_on_with_its_own_range():
    begun = {
        "since": write_moment(START),
        "until": write_moment(START + DAY),
        "at": {"min_id": "7"},
    }
    plan = Quiet(Access((), {})).plan(request(0, 2), {"#coat": {"open": begun}})
    assert asked(plan) == [("#coat", 0, 1), ("#coat", 1 - 3 / 24, 2)]
    assert [part.asks["resume"] for part in plan.slices] == [{"min_id": "7"}, None]


def test_terms_of_other_kinds_are_named_and_left_out():
    plan = Quiet(Access((), {})).plan(
        request(0, 1, accounts=("chanel",), keywords=("camel coat",)), {}
    )
    assert asked(plan) == [("#coat", 0, 1)]
    assert [note.split(": ")[1] for note in plan.notes] == ["@chanel", '"camel coat"']


def test_time_out_of_reach_is_named_and_left_out():
    class Short(Quiet):
        reach = 10 * DAY

    plan = Short(Access((), {})).plan(request(28, 32), {})
    assert asked(plan) == [("#coat", 30, 32)]
    assert "2026-01-31" in plan.notes[0]


def test_no_terms_give_an_empty_plan():
    assert Quiet(Access((), {})).plan(request(0, 1, hashtags=()), {}).slices == ()
    assert terms_of(Request("quiet")) == []


def test_a_budget_counts_what_lies_within_its_window():
    budget = Budget(
        (
            Spend("hashtags", item="coat", at=START),
            Spend("hashtags", item="coat", at=START + 2 * DAY),
            Spend("hashtags", item="boots", at=START + 2 * DAY),
            Spend("records", 100, at=START + 2 * DAY),
        )
    )
    assert budget.used("hashtags", START + DAY) == 2
    assert budget.items("hashtags", START) == {"coat", "boots"}
    assert budget.used("records", START) == 100
    assert Budget().used("records", START) == 0


def test_access_names_what_is_missing_and_never_shows_a_value():
    needs = (
        Need("TRENDLAB_X_URL", "the server", is_secret=False),
        Need("TRENDLAB_X_TOKEN", "from the settings page of the service"),
        Need("TRENDLAB_X_PAGE", "a page", is_needed=False, default="one"),
    )
    access = Access(needs, {"TRENDLAB_X_TOKEN": "s3cr3t"})
    assert [need.variable for need in access.lacking()] == ["TRENDLAB_X_URL"]
    assert access.secrets() == ["s3cr3t"]
    assert access["TRENDLAB_X_PAGE"] == "one"
    assert "s3cr3t" not in repr(access)
    with pytest.raises(SettingsError, match="TRENDLAB_X_URL is not set: the server"):
        access["TRENDLAB_X_URL"]
