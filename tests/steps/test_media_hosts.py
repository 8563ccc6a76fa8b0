"""A host that is slow, dead, or has many photos leaves the others their share."""

from __future__ import annotations

import ssl
from datetime import timedelta
from ipaddress import ip_address

import pytest

from tests.sources.rough_server import answer, rough_server
from tests.steps.photos import DAY, home_with, offer, photo, told
from trendlab.errors import SettingsError
from trendlab.settings import read_settings
from trendlab.sources.media import Limits, PhotoClient, Reach
from trendlab.sources.media.addresses import Address
from trendlab.sources.media.connect import HostNotFound
from trendlab.sources.media.hosts import DOMAIN_DOWN_AFTER, DOWN_AFTER
from trendlab.steps.media import MakeClient, fetch_photos
from trendlab.steps.step import Context

OLDER = DAY - timedelta(days=1)
# nothing here speaks TLS, and the authorities of the system take long to read
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def resolve(host: str, port: int) -> list[Address]:
    """Find every host on loopback but those below `dead.example`."""
    if host.endswith("dead.example"):
        raise HostNotFound("host not found")
    return [ip_address("127.0.0.1")]


def clients(context: Context) -> MakeClient:
    reach = Reach(context.settings.media_ports, context.settings.media_networks)
    limits = Limits(max_bytes=1_000_000)
    return lambda: PhotoClient(reach, limits, ssl_context=NO_TLS, resolve=resolve)


def stored(context: Context) -> set[str]:
    return {post for post, (s,) in told(context, "status").items() if s == "stored"}


def test_a_domain_with_a_dead_name_for_every_photo_leaves_room_for_others(tmp_path):
    with rough_server(answer(photo(1))) as server:
        port = server.url.rpartition(":")[2]
        dead = [
            offer(f"http://{n}.dead.example:{port}/", f"dead{n:02}") for n in range(40)
        ]
        live = [
            offer(f"http://live.example:{port}/{n}", f"live{n}", day=OLDER)
            for n in range(3)
        ]
        context = home_with(tmp_path, server.url, *dead, *live)
        report = fetch_photos(
            context, limit=20, batch_photos=1, make_client=clients(context)
        )
    # the older photos would have been beyond the limit
    assert stored(context) == {"live0", "live1", "live2"}
    assert report.failed == {"host not found": DOMAIN_DOWN_AFTER}
    assert report.waiting_count == 20 - 3 - DOMAIN_DOWN_AFTER


def test_domains_take_turns_and_so_do_the_hosts_of_each(tmp_path):
    with rough_server(answer(photo(1))) as server:
        port = server.url.rpartition(":")[2]
        many = [offer(f"http://a.many.co.uk:{port}/{n}", f"m{n}") for n in range(9)]
        rows = [
            *many,
            offer(f"http://b.many.co.uk:{port}/b", "b", day=OLDER),
            offer(f"http://few.co.uk:{port}/few", "few", day=OLDER),
        ]
        context = home_with(tmp_path, server.url, *rows)
        fetch_photos(context, limit=4, batch_photos=1, make_client=clients(context))
        asked = [path for path, _ in server.asked]
    assert asked == ["/0", "/few", "/b", "/1"]


def test_a_run_begins_nothing_after_its_time_and_the_next_one_goes_on(tmp_path):
    with rough_server(answer(photo(1))) as server:
        rows = [offer(f"{server.url}/{n}", str(n)) for n in range(6)]
        context = home_with(tmp_path, server.url, *rows)
        assert context.settings.media_minutes == 60

        def timer() -> float:
            # every photo takes a quarter of an hour
            return 900.0 * len(server.asked)

        first = fetch_photos(context, batch_photos=1, timer=timer)
        assert (first.stored_count, first.late_count) == (4, 2)
        assert "2 left for lack of time" in first.line()
        second = fetch_photos(context, batch_photos=1)
    assert (second.stored_count, second.late_count) == (2, 0)
    # what was left counts no try
    assert {tries for (tries,) in told(context, "tries_count").values()} == {None}


def test_a_batch_that_was_begun_ends_with_the_time(tmp_path):
    with rough_server(answer(photo(1))) as server:
        rows = [offer(f"{server.url}/{n}", str(n)) for n in range(40)]
        context = home_with(tmp_path, server.url, *rows)

        def timer() -> float:
            return 4_000.0 * len(server.asked)

        report = fetch_photos(context, timer=timer)
    # at most as many as were begun at the same time
    assert 1 <= report.stored_count <= 4
    assert report.stored_count + report.late_count == 40


def test_a_host_that_is_slow_is_left_for_the_next_run(tmp_path):
    with rough_server(answer(photo(1))) as server:
        rows = [offer(f"{server.url}/{n}", str(n)) for n in range(10)]
        context = home_with(tmp_path, server.url, *rows)

        def timer() -> float:
            return 40.0 * len(server.asked)

        report = fetch_photos(context, batch_photos=1, timer=timer)
    assert (report.stored_count, report.waiting_count) == (DOWN_AFTER, 5)


@pytest.mark.parametrize("minutes", ["0", "soon", "1441"])
def test_a_time_that_is_none_is_named(monkeypatch, minutes):
    monkeypatch.setenv("TRENDLAB_MEDIA_MINUTES", minutes)
    with pytest.raises(SettingsError, match="TRENDLAB_MEDIA_MINUTES"):
        read_settings()
