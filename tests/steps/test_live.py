"""Live ingest: nothing lost, nothing doubled, gaps are gaps, a failure stays alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pyarrow as pa
import pytest

from tests.steps.live_shop import COAT, TRACKER, coverage, ingest_of, rows
from tests.steps.shop import DAY, START, Service, fair, shop
from trendlab.errors import SettingsError
from trendlab.lake import Span
from trendlab.steps.live import Asked
from trendlab.steps.live_states import SourceStates
from trendlab.trackers import Tracker


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
