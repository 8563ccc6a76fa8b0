"""Live ingest: nothing lost, nothing doubled, gaps are gaps, a failure stays alone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.steps.killed import Killed, killed_at
from tests.steps.shop import DAY, START, Service, fair, shop
from trendlab.errors import SettingsError
from trendlab.lake import Lake, Span
from trendlab.schemas import TABLES as DECLARED
from trendlab.steps import live_fetch
from trendlab.steps.live import Asked, LiveIngest
from trendlab.steps.live_again import due_posts
from trendlab.steps.live_batch import upsert_rows
from trendlab.steps.live_coverage import judge_volume
from trendlab.steps.live_states import SourceStates
from trendlab.trackers import Tracker

COAT = Asked(hashtags=("coat",))
TRACKER = Tracker(name="coats", hashtags=("coat", "boots"))


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def ingest_of(
    folder: Path,
    service: Service,
    now: datetime = START + 40 * DAY,
    trackers: tuple[Tracker, ...] = (TRACKER,),
    kind: type[Lake] = Lake,
    **more,
) -> LiveIngest:
    service.clock = Clock(now)
    return LiveIngest(
        kind(folder / "lake"),
        trackers,
        client_of=service.client_of,
        clock=service.clock,
        **more,
    )


def rows(lake: Lake, table: str) -> list[dict]:
    if table == "source_states":
        return lake.read_flat(table).to_pylist()
    days = lake.days(table)
    return lake.read_range(table, days[0], days[-1]).to_pylist() if days else []


def coverage(lake: Lake) -> dict[int, str]:
    return {
        (row["day"] - START.date()).days: row["status"]
        for row in rows(lake, "coverage")
    }


def hours(count: int, step: float = 6) -> list[datetime]:
    return [START + timedelta(hours=step * i) for i in range(count)]


@pytest.fixture
def service() -> Service:
    made = Service()
    made.put("coat", hours(23))
    made.put("boots", hours(8))
    return made


def test_everything_of_the_range_arrives_once(tmp_path, service):
    run = ingest_of(tmp_path, service)
    report = run.ingest(shop(), COAT, START, START + 4 * DAY)
    posts = rows(run.lake, "posts")
    assert sorted(row["post_id"] for row in posts) == sorted(
        f"coat-{i}" for i in range(16)
    )
    assert (report.total("read_count"), report.total("added_count")) == (16, 16)
    assert report.failures == []
    (book,) = rows(run.lake, "ingests")
    assert (book["read_count"], book["accepted_count"], book["rejected_count"]) == (
        16,
        16,
        0,
    )
    assert len(rows(run.lake, "engagement")) == 16


def test_doing_it_again_asks_for_nothing_and_again_asks_for_all(tmp_path, service):
    run = ingest_of(tmp_path, service)
    run.ingest(shop(), COAT, START, START + 4 * DAY)
    asked = len(service.asked)
    report = run.ingest(shop(), COAT, START, START + 4 * DAY)
    assert len(service.asked) == asked
    assert report.terms == []
    service.posts["coat"][3]["likes"] = 50
    run.clock.now += DAY
    forced = run.ingest(shop(), COAT, START, START + 4 * DAY, is_again=True)
    assert (forced.total("added_count"), forced.total("updated_count")) == (0, 16)
    posts = {row["post_id"]: row for row in rows(run.lake, "posts")}
    assert posts["coat-3"]["likes_count"] == 50


def test_a_longer_range_asks_only_for_the_rest(tmp_path, service):
    run = ingest_of(tmp_path, service)
    run.ingest(shop(), COAT, START + DAY, START + 2 * DAY)
    report = run.ingest(shop(), COAT, START, START + 4 * DAY)
    spans = [(term.since, term.until) for term in report.terms]
    assert spans == [(START, START + DAY), (START + 2 * DAY, START + 4 * DAY)]
    assert len(rows(run.lake, "posts")) == 16


@pytest.mark.parametrize("pages_a_batch", [1, 2, 50])
@pytest.mark.parametrize("fails_after", [0, 1, 3, 4])
def test_a_source_that_fails_goes_on_where_it_was_and_ends_the_same(
    tmp_path, service, fails_after, pages_a_batch
):
    undisturbed = ingest_of(tmp_path / "a", service)
    undisturbed.ingest(shop(), COAT, START, START + 6 * DAY)
    run = ingest_of(tmp_path / "b", service, batch_pages=pages_a_batch)
    service.asked.clear()
    service.fails_from = fails_after
    report = run.ingest(shop(), COAT, START, START + 6 * DAY)
    assert len(report.failures) == 1
    assert "answered 503" in report.failures[0]
    assert report.total("read_count") == 5 * min(fails_after, 5)
    service.fails_from = None
    service.asked.clear()
    rest = run.ingest(shop(), COAT, START, START + 6 * DAY)
    assert rest.failures == []
    assert report.total("read_count") + rest.total("read_count") == 23
    for table in ("posts", "engagement"):
        assert len(rows(run.lake, table)) == 23
        ids = [row["post_id"] for row in rows(run.lake, table)]
        assert ids == [row["post_id"] for row in rows(undisturbed.lake, table)]
    assert coverage(run.lake) == coverage(undisturbed.lake)


TABLES = ("posts", "engagement", "ingests", "source_states", "quarantine", "coverage")


def test_killed_before_any_write_and_run_again_the_lake_is_the_same(tmp_path, service):
    service.posts["coat"][2]["likes"] = -7
    whole = ingest_of(tmp_path / "whole", service, batch_pages=2)
    whole.ingest(shop(), COAT, START, START + 4 * DAY)
    expected = {table: rows(whole.lake, table) for table in TABLES}
    number = 0
    while True:
        folder = tmp_path / str(number)
        run = ingest_of(folder, service, kind=killed_at(number), batch_pages=2)
        try:
            run.ingest(shop(), COAT, START, START + 4 * DAY)
            break
        except Killed:
            run = ingest_of(folder, service, batch_pages=2)
            run.ingest(shop(), COAT, START, START + 4 * DAY)
        for table in TABLES:
            assert rows(run.lake, table) == expected[table], (number, table)
        assert not list((run.lake.root / ".pending").iterdir())
        number += 1
    # posts and engagement of two batches with pages, one of them with quarantine; book
    # and state of these and of the empty last one; coverage
    assert number == 2 + 2 + 1 + 3 + 3 + 1


def test_what_was_sealed_is_not_asked_for_again(tmp_path, service):
    run = ingest_of(tmp_path, service, kind=killed_at(0))
    with pytest.raises(Killed):
        run.ingest(shop(), COAT, START, START + 4 * DAY)
    asked = len(service.asked)
    run = ingest_of(tmp_path, service)
    report = run.ingest(shop(), COAT, START, START + 4 * DAY)
    assert len(service.asked) == asked
    assert report.notes == ["1 batch of a run that was stopped was stored"]
    assert len(rows(run.lake, "posts")) == 16


def test_a_batch_that_was_not_sealed_is_swept_away(tmp_path, service):
    run = ingest_of(tmp_path, service)
    left = run.lake.root / ".pending" / "live-abc.partial"
    left.mkdir(parents=True)
    (left / "posts.arrow").write_bytes(b"half")
    report = run.ingest(shop(), COAT, START, START + DAY)
    assert not left.exists()
    assert report.notes == []


def test_a_gap_is_recorded_with_its_reason_and_fetched_by_the_next_night(
    tmp_path, service
):
    run = ingest_of(tmp_path, service, now=START + 2 * DAY + timedelta(hours=2))
    run.ingest_trackers({"shop": shop()}, (START + DAY).date())
    service.fails_from = len(service.asked)
    run.clock.now += DAY
    report = run.ingest_trackers({"shop": shop()}, (START + 2 * DAY).date())
    assert len(report.failures) == 2
    assert "not tried" in report.failures[1]
    assert coverage(run.lake) == {1: "complete", 2: "none"}
    (gap,) = [row for row in rows(run.lake, "coverage") if row["status"] == "none"]
    assert "503" in gap["reason"]
    assert gap["posts_count"] == 0
    service.fails_from = None
    run.clock.now += DAY
    report = run.ingest_trackers({"shop": shop()}, (START + 3 * DAY).date())
    assert report.failures == []
    assert coverage(run.lake) == {1: "complete", 2: "complete", 3: "complete"}


def test_nights_that_were_missed_are_fetched_too(tmp_path, service):
    run = ingest_of(tmp_path, service, now=START + DAY + timedelta(hours=2))
    run.ingest_trackers({"shop": shop()}, START.date())
    run.clock.now += 3 * DAY
    run.ingest_trackers({"shop": shop()}, (START + 3 * DAY).date())
    assert coverage(run.lake) == dict.fromkeys(range(4), "complete")


def test_a_source_that_is_down_fails_alone(tmp_path, service):
    broken = Service(fails_from=0)
    run = ingest_of(tmp_path, service, now=START + DAY + timedelta(hours=2))
    run.client_of = lambda source: (
        broken if source.name == "shop" else service
    ).client_of(source)
    report = run.ingest_trackers({"shop": shop(), "fair": fair()}, START.date())
    assert {failure.split()[0] for failure in report.failures} == {"shop"}
    told = {(row["source"], row["status"]) for row in rows(run.lake, "coverage")}
    assert told == {("shop", "none"), ("fair", "complete")}
    assert {row["source"] for row in rows(run.lake, "posts")} == {"fair"}


def test_a_term_that_the_service_refuses_does_not_stop_the_others(tmp_path, service):
    service.missing.add("coat")
    run = ingest_of(tmp_path, service, now=START + DAY + timedelta(hours=2))
    report = run.ingest_trackers({"shop": shop()}, START.date())
    assert len(report.failures) == 1
    assert {row["hashtags"][0] for row in rows(run.lake, "posts")} == {"boots"}
    (row,) = rows(run.lake, "coverage")
    assert row["status"] == "partial"
    assert row["reason"].startswith("#coat: ")


def test_a_day_that_has_not_ended_is_partial(tmp_path, service):
    run = ingest_of(tmp_path, service, now=START + timedelta(hours=10))
    asked = Asked(hashtags=("coat", "boots"))
    run.ingest(shop(), asked, START, START + 4 * DAY)
    (row,) = rows(run.lake, "coverage")
    assert (row["status"], row["reason"]) == ("partial", "the day had not ended")


def test_trackers_with_the_same_hashtag_fetch_it_once(tmp_path, service):
    other = Tracker(name="others", hashtags=("coat",))
    run = ingest_of(
        tmp_path,
        service,
        now=START + DAY + timedelta(hours=2),
        trackers=(TRACKER, other),
    )
    run.ingest_trackers({"shop": shop()}, START.date())
    terms = [url.split("term=")[1].split("&")[0] for url in service.asked]
    assert terms.count("coat") == terms.count("boots") == 2
    told = {(row["tracker"], row["posts_count"]) for row in rows(run.lake, "coverage")}
    assert told == {("coats", 8), ("others", 4)}


def test_trackers_of_other_sources_are_left_alone(tmp_path, service):
    run = ingest_of(
        tmp_path,
        service,
        trackers=(Tracker(name="photos", sources=("photos",), hashtags=("coat",)),),
    )
    report = run.ingest_trackers({"shop": shop()}, START.date())
    assert report.lines() == []
    assert service.asked == []


def test_with_nothing_set_up_nothing_happens_and_the_lake_is_not_made(tmp_path):
    run = ingest_of(tmp_path, Service())
    assert run.ingest_trackers({}, START.date()).lines() == []
    assert not run.lake.root.exists()


def test_a_named_source_that_is_not_set_up_is_told(tmp_path):
    tracker = Tracker(name="coats", hashtags=("coat",), sources=("mastodon",))
    run = ingest_of(tmp_path, Service(), trackers=(tracker,))
    (note,) = run.ingest_trackers({}, START.date()).lines()
    assert note.startswith("mastodon: not set up")


def test_bad_records_go_to_quarantine_and_their_neighbours_stay(tmp_path, service):
    service.posts["coat"][2]["likes"] = -7
    run = ingest_of(tmp_path, service)
    report = run.ingest(shop(), COAT, START, START + 4 * DAY)
    assert (report.total("accepted_count"), report.total("rejected_count")) == (15, 1)
    (refused,) = rows(run.lake, "quarantine")
    assert refused["reason"] == "likes below 0"
    assert json.loads(refused["payload"])["id"] == "coat-2"
    assert refused["path"] == "https://shop.example/posts"
    assert len(rows(run.lake, "posts")) == 15


def test_a_format_that_has_changed_keeps_nothing_and_is_not_covered(tmp_path, service):
    for post in service.posts["coat"]:
        post["at"] = post["at"] if post["id"] == "coat-0" else f"{post['at']}?"
    run = ingest_of(tmp_path, service)
    report = run.ingest(shop(), COAT, START, START + 10 * DAY)
    assert "has the service's format changed" in report.failures[0]
    assert rows(run.lake, "posts") == []
    assert len(rows(run.lake, "quarantine")) == 22
    assert set(coverage(run.lake).values()) == {"none"}
    # the same again is booked, and refused records are not doubled
    run.clock.now += DAY
    run.ingest(shop(), COAT, START, START + 10 * DAY)
    assert len(rows(run.lake, "quarantine")) == 22


def test_a_few_records_of_which_one_is_bad_do_not_fail(tmp_path, service):
    service.posts["coat"][1]["likes"] = -7
    run = ingest_of(tmp_path, service)
    report = run.ingest(shop(), COAT, START, START + timedelta(hours=13))
    assert report.failures == []
    assert (report.total("accepted_count"), report.total("rejected_count")) == (2, 1)


def test_what_was_used_is_kept_for_the_next_plan(tmp_path, service):
    run = ingest_of(tmp_path, service)
    run.ingest(shop(), COAT, START, START + 4 * DAY)
    budget = SourceStates(run.lake).budget("shop")
    assert budget.used("records", START) == 16
    assert budget.used("requests", START) == len(service.asked) == 5


def test_nothing_to_look_for_and_an_empty_range_are_misuse(tmp_path, service):
    run = ingest_of(tmp_path, service)
    with pytest.raises(SettingsError, match="--account or --tag"):
        run.ingest(shop(), Asked(keywords=("coat",)), START, START + DAY)
    with pytest.raises(SettingsError, match="must lie before"):
        run.ingest(shop(), COAT, START + 2 * DAY, START + DAY)
    with pytest.raises(SettingsError, match="must lie before"):
        run.ingest(shop(), COAT, START + 90 * DAY, START + 95 * DAY)


def test_posts_are_read_again_at_a_day_a_week_and_four_weeks(tmp_path):
    service = Service()
    service.put("coat", [START + timedelta(hours=12)])
    run = ingest_of(tmp_path, service)
    for night in (1, 2, 3, 8, 9, 29, 30):
        run.clock.now = START + night * DAY + timedelta(hours=2)
        service.posts["coat"][0]["likes"] = night
        run.ingest_trackers({"shop": shop()}, (START + (night - 1) * DAY).date())
    read = [
        ((row["observed_at"] - row["created_at"]).days, row["likes_count"])
        for row in rows(run.lake, "engagement")
    ]
    # fetched at an age of 14 hours, then in the first night past each age
    assert read == [(0, 1), (1, 2), (7, 8), (28, 29)]


def test_a_post_that_is_gone_or_found_late_is_not_read_for_ever(tmp_path):
    service = Service()
    service.put("coat", [START])
    run = ingest_of(tmp_path, service, now=START + 50 * DAY)
    run.ingest(shop(), COAT, START, START + DAY)
    for days in (50, 60):
        assert due_posts(run.lake, "shop", START + days * DAY) == []


def test_reading_again_keeps_to_its_allowance(tmp_path, service):
    run = ingest_of(tmp_path, service, now=START + DAY + timedelta(hours=2))
    run.ingest_trackers({"shop": shop()}, START.date())
    due = due_posts(run.lake, "shop", START + 2 * DAY + timedelta(hours=2))
    # what was posted at midnight was 26 hours old when it was first read
    assert due == [f"{term}-{i}" for term in ("boots", "coat") for i in (1, 2, 3)]
    term = live_fetch.TermReport("shop", "again")
    with run.lake.lock():
        states = SourceStates(run.lake)
        with service.client_of(shop()) as client:
            one = live_fetch.SourceRun(
                run.lake,
                shop(),
                client,
                states,
                clock=run.clock,
                allowed=0.2,
                report=live_fetch.LiveReport(),
                progress=lambda *_: None,
            )
            one.fetch_again(due, term, most_requests=1)
    assert term.requests_count == 1
    assert term.read_count == 3


@pytest.mark.parametrize(
    ("posts", "before", "is_low"),
    [
        (10, [80, 90, 70, 85, 95, 60, 88], True),
        (20, [80, 90, 70, 85, 95, 60, 88], True),
        (25, [80, 90, 70, 85, 95, 60, 88], False),
        (10, [80, 90, 9, 85, 95, 60, 88], False),
        (0, [80, 90, 70, 85, 95, 60], None),
        (0, [8, 9, 7, 8, 9, 6, 8], None),
        (0, [], None),
    ],
    ids=[
        "an eighth", "a quarter", "less than usual", "no less than once before",
        "too few days", "too few posts", "no days",
    ],
)  # fmt: skip
def test_a_day_with_far_fewer_posts_than_usual_is_low(posts, before, is_low):
    assert judge_volume(posts, before).is_low is is_low


def test_a_thin_day_is_flagged_and_stays_complete(tmp_path):
    service = Service()
    for day in range(9):
        count = 2 if day == 8 else 30
        service.put(
            "coat", [START + day * DAY + timedelta(minutes=i) for i in range(count)]
        )
    tracker = Tracker(name="coats", hashtags=("coat",))
    run = ingest_of(tmp_path, service, trackers=(tracker,))
    report = run.ingest(shop(), COAT, START, START + 9 * DAY)
    (flag,) = report.flags
    assert "LOW VOLUME coats shop 2026-01-09: 2 posts, usual 30" in flag
    low = [row for row in rows(run.lake, "coverage") if row["is_low_volume"]]
    assert [(row["status"], row["posts_count"]) for row in low] == [("complete", 2)]


def test_an_unchanged_row_of_coverage_is_not_written_again(tmp_path, service):
    run = ingest_of(tmp_path, service)
    run.ingest(shop(), COAT, START, START + 4 * DAY)
    before = run.lake.fingerprint("coverage", START.date())
    run.clock.now += DAY
    run.ingest(shop(), COAT, START, START + 4 * DAY)
    assert run.lake.fingerprint("coverage", START.date()) == before


def test_the_lake_answers_sql_over_the_states(tmp_path, service):
    run = ingest_of(tmp_path, service)
    run.ingest(shop(), COAT, START, START + 4 * DAY)
    found: pa.Table = run.lake.query(
        "select slice_key from source_states order by 1",
        {"source_states": Span("source_states")},
    )
    assert found["slice_key"].to_pylist() == ["#coat", "budget"]


def test_a_photo_that_was_stored_stays_stored_when_its_post_is_seen_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    day = START.date()
    photo = {
        "day": day,
        "source": "shop",
        "post_id": "1",
        "media_index": 0,
        "media_kind": "image",
        "url": "https://files.example/a.jpg",
        "status": "stored",
        "path": "media/a.jpg",
        "observed_at": START,
    }
    again = {
        **photo,
        "status": "offered",
        "path": None,
        "observed_at": START + DAY,
    }
    moved = {**again, "media_index": 1}
    table = DECLARED["media"]
    with lake.lock():
        lake.write("media", day, table.from_rows([photo]), source="shop")
        upsert_rows(lake, "media", table.from_rows([again, moved]), "shop")
    told = [(row["media_index"], row["status"]) for row in rows(lake, "media")]
    assert told == [(0, "stored"), (1, "offered")]
