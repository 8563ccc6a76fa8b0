"""Live ingest: failed, killed or swept away, the lake ends the same."""

from __future__ import annotations

import pytest

from tests.steps.killed import Killed, killed_at
from tests.steps.live_shop import COAT, coverage, ingest_of, rows
from tests.steps.shop import DAY, START, shop


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
