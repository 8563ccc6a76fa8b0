"""Live sources go through the same door; what a killed fetch had sealed is erased."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.steps.forgetting import context_of, traces_in
from tests.steps.shop import DAY, START, Service, shop
from trendlab.lake import Lake
from trendlab.steps.forget import forget_author
from trendlab.steps.live import Asked, LiveIngest

COAT = Asked(hashtags=("coat",))
NOW = START + 40 * DAY


class StoppedLake(Lake):
    """Stops the first time posts are written: the batch is sealed by then."""

    def write_many(self, table, parts, *, source=None):
        if table == "posts":
            raise KeyboardInterrupt
        super().write_many(table, parts, source=source)


@pytest.fixture
def service() -> Service:
    made = Service()
    made.put("coat", [START + timedelta(hours=hour) for hour in range(30)])
    return made


def fetch(
    home: Path, service: Service, kind: type[Lake] = Lake, hours: int = 0, **more
):
    service.clock = lambda: NOW + timedelta(hours=hours)
    live = LiveIngest(
        kind(home / "lake"), client_of=service.client_of, clock=service.clock
    )
    return live.ingest(shop(), COAT, START, START + 3 * DAY, **more)


def test_what_a_killed_fetch_had_sealed_is_erased_too(tmp_path, service):
    home = tmp_path / "home"
    with pytest.raises(KeyboardInterrupt):
        fetch(home, service, StoppedLake)
    assert traces_in(home, ("a coat",))

    forget_author(context_of(home), "shop", "@ana", with_steps=False)

    assert traces_in(home, ("a coat",)) == []


def test_every_later_fetch_refuses_and_counts_them(tmp_path, service):
    home = tmp_path / "home"
    fetch(home, service)
    forget_author(context_of(home), "shop", "@ana", with_steps=False)

    again = fetch(home, service, hours=1, is_again=True)

    assert again.failures == []
    assert (again.total("read_count"), again.total("accepted_count")) == (30, 0)
    assert again.terms[0].reasons == {"forgotten": 30}
    assert traces_in(home, ("a coat",)) == []
    book = Lake(home / "lake").read("ingests", NOW.date()).to_pylist()
    assert sorted(one["forgotten_count"] for one in book) == [0, 30]
