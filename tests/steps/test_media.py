"""Photos of posts: downloaded once, checked, kept by hash, or said why not."""

from __future__ import annotations

import hashlib
import io
import logging
from datetime import timedelta

import pytest
from PIL import Image

from tests.sources.rough_server import answer, rough_server
from tests.steps.photos import (
    DAY,
    NOON,
    NOW,
    by_path,
    files,
    home_with,
    offer,
    photo,
    told,
)
from trendlab.errors import SettingsError
from trendlab.settings import read_settings
from trendlab.steps.media import fetch_night_photos, fetch_photos
from trendlab.steps.media_rows import MOST_TRIES, PAUSES

HOUR = timedelta(hours=1)


def path_of(content: bytes, ending: str = "jpg") -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    return f"media/{sha256[:2]}/{sha256}.{ending}"


def picture(width: int, height: int) -> bytes:
    encoded = io.BytesIO()
    Image.new("1", (width, height)).save(encoded, "PNG")
    return encoded.getvalue()


def test_photos_are_stored_by_their_hash_in_the_three_formats(tmp_path):
    kinds = {"/a": ("JPEG", "jpg"), "/b": ("PNG", "png"), "/c": ("WEBP", "webp")}
    content = {path: photo(1, kind) for path, (kind, _) in kinds.items()}
    replies = {path: answer(content[path]) for path in kinds}
    with rough_server(by_path(replies)) as server:
        context = home_with(
            tmp_path,
            server.url,
            *(offer(f"{server.url}{path}", path) for path in kinds),
        )
        report = fetch_photos(context)
    wanted = {
        path: path_of(content[path], ending) for path, (_, ending) in kinds.items()
    }
    assert files(context) == {wanted[path]: content[path] for path in kinds}
    assert told(context, "status", "path", "sha256", "observed_at") == {
        path: (
            "stored",
            wanted[path],
            hashlib.sha256(content[path]).hexdigest(),
            NOW,
        )
        for path in kinds
    }
    assert (report.stored_count, report.repeated_count) == (3, 0)
    assert report.lines()[0].startswith("media: 3 of 3 photos stored")


def test_a_second_run_asks_for_nothing(tmp_path):
    with rough_server(answer(photo(1))) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        fetch_photos(context)
        before = context.lake.fingerprint("media", DAY)
        assert fetch_photos(context).due_count == 0
    assert len(server.asked) == 1
    assert context.lake.fingerprint("media", DAY) == before


def test_the_same_bytes_are_one_file_and_the_same_address_is_asked_once(tmp_path):
    with rough_server(answer(photo(1))) as server:
        context = home_with(
            tmp_path,
            server.url,
            offer(f"{server.url}/a", "1"),
            offer(f"{server.url}/a", "2", day=DAY - timedelta(days=1)),
            offer(f"{server.url}/b", "3"),
        )
        report = fetch_photos(context, batch_photos=1)
    assert sorted(path for path, _ in server.asked) == ["/a", "/b"]
    assert list(files(context)) == [path_of(photo(1))]
    assert set(told(context, "status", "path").values()) == {
        ("stored", path_of(photo(1)))
    }
    assert (report.stored_count, report.repeated_count) == (3, 2)


def test_what_is_no_safe_photo_is_refused_with_the_reason(tmp_path):
    bad = {
        "/html": answer(b"<!doctype html><p>sorry", kind="image/jpeg"),
        "/video": answer(b"\0\0\0\x18ftypmp42" + b"\0" * 64, kind="video/mp4"),
        "/svg": answer(b"<svg onload='alert(1)'/>", kind="image/svg+xml"),
        "/bomb": answer(picture(6000, 6000)),
        "/pixel": answer(picture(1, 1)),
        "/damaged": answer(photo(1, "PNG")[:8] + b"\xff" * 200),
        "/here": answer(b"", 302, Location="http://[::1]/"),
        "/file": answer(b"", 302, Location="file:///etc/passwd"),
    }
    with rough_server(by_path(bad)) as server:
        context = home_with(
            tmp_path,
            server.url,
            *(offer(f"{server.url}{path}", path) for path in bad),
            offer("http://ana:secret@photos.example/", "credentials"),
        )
        fetch_photos(context)
    rows = told(context, "status", "status_reason")
    assert {status for status, _ in rows.values()} == {"rejected"}
    assert {post: reason for post, (_, reason) in rows.items()} == {
        "/html": "not JPEG, PNG or WebP",
        "/video": "not JPEG, PNG or WebP",
        "/svg": "not JPEG, PNG or WebP",
        "/bomb": "more than 25 megapixels",
        "/pixel": "smaller than 16 pixels",
        "/damaged": "damaged header",
        "/here": "address with another port",
        "/file": "address is not http or https",
        "credentials": "address with a user or password",
    }
    assert files(context) == {}


def test_a_redirect_to_a_private_address_is_refused(tmp_path):
    with rough_server() as server:
        port = server.url.rpartition(":")[2]
        server.replies.append(answer(b"", 302, Location=f"http://10.0.0.1:{port}/"))
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        fetch_photos(context)
    assert told(context, "status", "status_reason") == {
        "1": ("rejected", "address refused: private")
    }


def test_without_the_setting_loopback_is_refused(tmp_path):
    with rough_server(answer(photo(1))) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        context.settings = context.settings.model_copy(update={"media_networks": ()})
        fetch_photos(context)
    assert told(context, "status", "status_reason") == {
        "1": ("rejected", "address refused: loopback")
    }
    assert server.asked == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_photo_is_recorded_with_its_status_and_not_asked_again(tmp_path, status):
    with rough_server(answer(b"", status)) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        fetch_photos(context)
        fetch_photos(context)
    assert told(context, "status", "status_reason", "http_status") == {
        "1": ("missing", f"status {status}", status)
    }
    assert len(server.asked) == 1


def test_a_failure_is_tried_again_after_growing_pauses_and_then_given_up(tmp_path):
    with rough_server(answer(b"", 500)) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        now = NOW
        for tries, pause in enumerate(PAUSES, 1):
            context.clock = lambda now=now: now  # type: ignore[misc]
            fetch_photos(context)
            assert told(context, "status", "tries_count", "next_try_at") == {
                "1": ("offered", tries, now + pause)
            }
            # too early: it is left alone
            assert fetch_photos(context).due_count == 0
            now += pause
        context.clock = lambda: now
        report = fetch_photos(context)
    assert len(server.asked) == MOST_TRIES
    assert told(context, "status", "status_reason", "http_status") == {
        "1": ("missing", "given up after 5 tries: status 500", 500)
    }
    assert report.lines()[1] == "  gone: status 500 (1)"


def test_a_photo_that_comes_at_the_second_try_is_stored(tmp_path):
    with rough_server(answer(b"", 500), answer(photo(1))) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        fetch_photos(context)
        context.clock = lambda: NOW + HOUR
        fetch_photos(context)
    assert told(context, "status", "status_reason", "http_status", "next_try_at") == {
        "1": ("stored", None, None, None)
    }


@pytest.mark.parametrize(
    "reply",
    [
        answer(photo(1)[:-200], length=len(photo(1)) - 200),
        answer(photo(1), length=len(photo(1)) - 200),
        answer(photo(1), length=len(photo(1)) + 1),
        answer(b""),
    ],
    ids=["cut", "says too little", "says too much", "empty"],
)
def test_a_photo_that_is_cut_is_tried_again(tmp_path, reply):
    with rough_server(reply) as server:
        context = home_with(tmp_path, server.url, offer(f"{server.url}/a", "1"))
        fetch_photos(context)
    assert told(context, "status", "tries_count") == {"1": ("offered", 1)}
    assert files(context) == {}


def test_retry_after_is_obeyed_by_the_photo_and_its_host(tmp_path):
    many = answer(b"", 429, Retry_After="86400")
    with rough_server(many) as server:
        context = home_with(
            tmp_path,
            server.url,
            *(offer(f"{server.url}/{n}", str(n)) for n in range(10)),
        )
        report = fetch_photos(context, batch_photos=1)
        assert len(server.asked) == 1
    assert report.waiting_count == 9
    rows = told(context, "next_try_at", "http_status", "tries_count")
    assert rows.pop("0") == (NOW + timedelta(days=1), 429, 1)
    assert set(rows.values()) == {(None, None, None)}


def test_a_host_that_does_not_answer_is_left_for_the_next_run(tmp_path):
    # a port that nobody listens on
    with rough_server(answer(b"")) as server:
        url = server.url
    context = home_with(
        tmp_path, url, *(offer(f"{url}/{n}", str(n)) for n in range(10))
    )
    report = fetch_photos(context, batch_photos=1)
    assert report.failed == {"no connection": 5}
    assert report.waiting_count == 5


def test_the_newest_posts_come_first_and_a_limit_holds(tmp_path):
    with rough_server(answer(photo(1))) as server:
        rows = [
            offer(f"{server.url}/{n}", str(n), day=DAY - timedelta(days=n))
            for n in range(4)
        ]
        context = home_with(tmp_path, server.url, *rows)
        fetch_photos(context, limit=2)
        assert {path for path, _ in server.asked} == {"/0", "/1"}
        fetch_photos(context, DAY - timedelta(days=2), DAY - timedelta(days=2))
    assert {
        post for post, (s,) in told(context, "status").items() if s == "stored"
    } == {
        "0",
        "1",
        "2",
    }


def test_photos_without_an_address_and_those_of_a_folder_are_left_as_they_are(tmp_path):
    context = home_with(
        tmp_path,
        "http://127.0.0.1:80",
        offer(None, "1"),
        offer(None, "2", path="/photos/a.jpg"),
    )
    assert fetch_photos(context).due_count == 0
    assert told(context, "status") == {"1": ("offered",), "2": ("stored",)}


def test_an_empty_lake_has_no_photos_to_fetch(tmp_path):
    context = home_with(tmp_path, "http://127.0.0.1:80")
    (line,) = fetch_photos(context).lines()
    assert line.startswith(
        "media: 0 of 0 photos stored (0 of them known bytes; 0.0 MB), 0 gone, "
        "0 refused, 0 tried again later, 0 left for their hosts' sake, "
    )


def test_the_night_downloads_only_where_settings_ask_for_it(tmp_path):
    with rough_server(answer(photo(1))) as server:
        context = home_with(
            tmp_path,
            server.url,
            offer(f"{server.url}/a", "1"),
            offer(f"{server.url}/b", "2", day=DAY - timedelta(days=28)),
        )
        assert fetch_night_photos(context, DAY) is None
        assert server.asked == []
        context.settings = context.settings.model_copy(update={"media": "fetch"})
        report = fetch_night_photos(context, DAY)
    assert report is not None
    # posts older than 28 days are left to `trendlab media`
    assert report.stored_count == 1


def test_no_log_and_no_row_but_the_address_itself_holds_a_token(tmp_path, caplog):
    replies = {"/a": answer(b"", 302, Location="/b?token=hunter2"), "/b": answer(b"x")}
    with caplog.at_level(logging.DEBUG), rough_server(by_path(replies)) as server:
        url = f"{server.url}/a?token=hunter2"
        context = home_with(tmp_path, server.url, offer(url, "1"))
        report = fetch_photos(context)
    assert "hunter2" not in caplog.text + " ".join(report.lines())
    (row,) = context.lake.read("media", DAY).to_pylist()
    assert row.pop("url") == url
    assert "hunter2" not in repr(row)


@pytest.mark.parametrize("is_hidden", [True, False])
def test_where_pseudonyms_are_kept_the_address_goes_when_the_photo_is_here(
    tmp_path, is_hidden
):
    with rough_server(answer(photo(1))) as server:
        url = f"{server.url}/img/did:plc:q7z/a@jpeg"
        context = home_with(tmp_path, server.url, offer(url, "1", alt_text="a coat"))
        if is_hidden:
            (tmp_path / "keys").mkdir()
            (tmp_path / "keys" / "pseudonyms.id").write_text("0123abcd")
        fetch_photos(context)
        assert fetch_photos(context).due_count == 0
    assert told(context, "status", "url", "alt_text") == {
        "1": ("stored", None if is_hidden else url, "a coat")
    }


def test_settings_are_read_with_blanks_between(monkeypatch):
    monkeypatch.setenv("TRENDLAB_MEDIA_PORTS", "80 443 8443")
    monkeypatch.setenv("TRENDLAB_MEDIA_NETWORKS", "10.20.0.0/24 fd12::/32")
    settings = read_settings()
    assert settings.media_ports == {80, 443, 8443}
    assert [str(one) for one in settings.media_networks] == [
        "10.20.0.0/24",
        "fd12::/32",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRENDLAB_MEDIA", "always"),
        ("TRENDLAB_MEDIA_PORTS", "https"),
        ("TRENDLAB_MEDIA_PORTS", "0"),
        ("TRENDLAB_MEDIA_NETWORKS", "intranet"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings()


def test_the_moment_of_the_offer_is_kept_until_it_is_tried(tmp_path):
    context = home_with(
        tmp_path,
        "http://127.0.0.1:80",
        offer("http://127.0.0.1/", "1", next_try_at=NOW + HOUR, tries_count=1),
    )
    assert fetch_photos(context).due_count == 0
    assert told(context, "observed_at") == {"1": (NOON,)}
