"""What live sources are told: variables, files, and never a value shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources import (
    flickr_server,
    instagram_server,
    reddit_server,
    tiktok_server,
    tumblr_server,
)
from trendlab.errors import SettingsError
from trendlab.sources.archives import ARCHIVES
from trendlab.sources.mastodon import Mastodon
from trendlab.sources.registry import LIVE
from trendlab.steps.live_access import (
    check_source,
    configured,
    describe_sources,
    open_source,
    read_access,
)

URL = {"TRENDLAB_MASTODON_URL": "https://m.example"}


def test_a_value_may_stand_in_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("s3cr3t\n")
    access = read_access(Mastodon, {**URL, "TRENDLAB_MASTODON_TOKEN_FILE": str(file)})
    assert access["TRENDLAB_MASTODON_TOKEN"] == "s3cr3t"


@pytest.mark.parametrize("content", [b"", b"  \n", b"x" * 20_000, b"\xff\xfe"])
def test_a_file_without_a_value_is_told_and_not_shown(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="TRENDLAB_MASTODON_TOKEN_FILE") as caught:
        read_access(Mastodon, {**URL, "TRENDLAB_MASTODON_TOKEN_FILE": str(file)})
    assert "xxx" not in str(caught.value)


def test_a_missing_file_and_two_values_are_misuse(tmp_path):
    gone = {"TRENDLAB_MASTODON_TOKEN_FILE": str(tmp_path / "gone")}
    with pytest.raises(SettingsError, match="cannot be read"):
        read_access(Mastodon, {**URL, **gone})
    with pytest.raises(SettingsError, match="not both"):
        read_access(Mastodon, {**URL, **gone, "TRENDLAB_MASTODON_TOKEN": "x"})


def test_a_source_that_lacks_something_says_what_and_where_it_is_described():
    with pytest.raises(SettingsError, match=r"TRENDLAB_MASTODON_URL .*docs/sources/"):
        open_source("mastodon", {})
    with pytest.raises(SettingsError, match=r"expected a live source .*'friendster'"):
        open_source("friendster", {})


def test_only_sources_that_have_all_they_need_are_set_up():
    assert configured({}) == {}
    assert list(configured(URL)) == ["mastodon"]


def test_the_list_names_every_source_and_need_and_shows_no_value():
    lines = describe_sources({**URL, "TRENDLAB_MASTODON_TOKEN": "s3cr3t-value"})
    told = "\n".join(lines)
    for name, source in LIVE.items():
        assert f"{name}: " in told
        for need in source.needs:
            assert need.variable in told
    for name, archive in ARCHIVES.items():
        assert f"{name}: {archive.title}" in told
        assert archive.gives in told
        assert archive.lacks in told
    assert "mastodon: set up" in told
    assert "s3cr3t-value" not in told


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", LIVE)
def test_every_source_has_a_setup_page_that_names_what_it_needs(name):
    page = (DOCS / "sources" / f"{name}.md").read_text()
    for need in LIVE[name].needs:
        assert need.variable in page
    assert f"trendlab sources check {name}" in page
    assert f"| [{name}](sources/{name}.md) |" in (DOCS / "sources.md").read_text()


@pytest.mark.parametrize(
    ("name", "running", "secret", "settings"),
    [
        (
            "flickr",
            flickr_server.flickr,
            flickr_server.KEY,
            {"TRENDLAB_FLICKR_API_KEY_FILE": "{secret}"},
        ),
        (
            "instagram",
            instagram_server.instagram,
            instagram_server.TOKEN,
            {
                "TRENDLAB_INSTAGRAM_TOKEN_FILE": "{secret}",
                "TRENDLAB_INSTAGRAM_USER_ID": instagram_server.USER_ID,
            },
        ),
        (
            "reddit",
            reddit_server.reddit,
            reddit_server.SECRET,
            {
                "TRENDLAB_REDDIT_CLIENT_ID": "app-id",
                "TRENDLAB_REDDIT_CLIENT_SECRET_FILE": "{secret}",
                "TRENDLAB_REDDIT_USER": "me",
            },
        ),
        (
            "tumblr",
            tumblr_server.tumblr,
            tumblr_server.KEY,
            {"TRENDLAB_TUMBLR_API_KEY_FILE": "{secret}"},
        ),
        (
            "tiktok",
            tiktok_server.tiktok,
            tiktok_server.SECRET,
            {
                "TRENDLAB_TIKTOK_CLIENT_KEY": "key",
                "TRENDLAB_TIKTOK_CLIENT_SECRET_FILE": "{secret}",
            },
        ),
    ],
    ids=["flickr", "instagram", "reddit", "tumblr", "tiktok"],
)
def test_credentials_from_a_file_are_tried(tmp_path, name, running, secret, settings):
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n")
    environ = {n: value.format(secret=file) for n, value in settings.items()}
    with running() as (server, service):
        if name == "reddit":
            server.put(reddit_server.START, "a look", subreddit="fashion")
        told = check_source(name, environ, service.client_of)
    assert told
    assert all(line.startswith(f"{name}: ") for line in told)
    assert secret not in "\n".join(told)
