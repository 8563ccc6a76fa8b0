"""Flickr's records: captions, places and how exact they are, and any other shape."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.disturbed import anything, disturbed
from tests.sources.flickr_server import ANA, START, Flickr, comment, info
from trendlab.sources import flickr_records as room
from trendlab.sources.base import Accepted, Page, Refused
from trendlab.sources.shapes import object_or_empty
from trendlab.steps.ingest_rows import check_records

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def sample(**more: object) -> dict:
    return Flickr().put(START, "a coat", tags="streetstyle coat 2026", **more)


def parse(*photos: object) -> list:
    return list(room.parse_photos(Page({"photos": list(photos)}, "x", NOW)))


def rows_of(photo: dict) -> dict[str, dict]:
    """Return the one row of each table, as stored."""
    (record,) = parse(photo)
    assert isinstance(record, Accepted)
    assert check_records([record], "flickr").refused == []
    return dict(record.rows)


def test_a_photo_gives_a_post_an_author_and_an_address():
    rows = rows_of(sample())
    post = rows["posts"]
    assert post["caption"] == "a coat\nby me & you"
    assert post["hashtags"] == ["streetstyle", "coat"]
    assert (post["lat"], post["lon"]) == (48.8566, 2.3522)
    counts = (post["likes_count"], post["comments_count"], post["views_count"])
    assert counts == (7, 0, 120)
    assert post["created_at"] == START
    assert post["url"] == f"https://www.flickr.com/photos/ana-b/{post['post_id']}/"
    assert rows["authors"]["name"] == "Ana B"
    assert rows["media"]["url"].endswith("_b.jpg")
    assert rows_of(sample(media="video"))["media"]["media_kind"] == "cover"


def test_without_a_name_of_its_own_an_account_goes_by_its_number():
    post = rows_of(sample(pathalias=None))["posts"]
    assert (post["author_id"], post["author_handle"]) == (ANA, ANA.lower())
    assert f"/{ANA}/" in post["url"]


@pytest.mark.parametrize(
    ("more", "is_placed"),
    [
        ({"accuracy": "11"}, True),
        ({"accuracy": 16}, True),
        ({"accuracy": "6"}, False),
        ({"latitude": 0, "longitude": 0, "accuracy": 0}, False),
        ({"latitude": None}, False),
    ],
)
def test_a_point_that_is_no_closer_than_a_region_is_none(more, is_placed):
    assert (rows_of(sample(**more))["posts"]["lat"] is not None) == is_placed


@pytest.mark.parametrize(
    ("accuracy", "wanted"),
    [("16", 0.31), (11, 9.78), ("99", 0.31), (None, None), ("6", None)],
)
def test_how_exact_a_point_is_is_kept_as_a_radius(accuracy, wanted):
    assert rows_of(sample(accuracy=accuracy))["posts"]["point_radius_km"] == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("4", "CC-BY-2.0"),
        (0, "All rights reserved"),
        ("10", "CC-PDM-1.0"),
        # newer than the list here
        ("99", "Flickr 99"),
        (None, None),
    ],
)
def test_the_licence_of_a_photo_is_kept(given, wanted):
    photo = sample(license=given)
    assert rows_of(photo)["media"]["license"] == wanted
    assert "license" in room.EXTRAS.split(",")
    alone = room.as_listed(info(photo, comments=0), faves=None)
    # a photo that is asked for alone has no addresses, so it gives no row of media
    assert alone["license"] == photo["license"]


def test_counts_that_are_not_given_are_null():
    photo = sample()
    del photo["count_faves"], photo["views"], photo["count_comments"]
    post = rows_of(photo)["posts"]
    assert post["likes_count"] is post["views_count"] is post["comments_count"] is None


def test_one_bad_record_does_not_take_its_page_with_it():
    records = parse(sample(), sample(views="-3"), None, {}, sample())
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Refused, Accepted]
    assert records[1].reason == "views below 0"


KEYS = ("id", "owner", "_content", "tag", "tags", "latitude", "accuracy", "title")
ANY = anything(*KEYS)


@given(st.lists(disturbed(sample(), ANY) | ANY, max_size=3))
def test_any_photo_ends_as_accepted_or_refused(photos):
    assert len(parse(*photos)) == len(photos)


@given(disturbed(info(sample(), 2), ANY) | ANY, ANY)
def test_any_photo_that_stands_alone_ends_as_accepted_or_refused(photo, faves):
    assert len(parse(room.as_listed(object_or_empty(photo), faves))) == 1


@given(st.lists(disturbed(comment(1, "nice"), ANY) | ANY, max_size=3))
def test_any_comment_ends_as_accepted_or_refused(comments):
    page = Page({"photos": [], "post_id": "1", "comments": comments}, "x", NOW)
    assert len(list(room.parse_comments(page))) == len(comments)
