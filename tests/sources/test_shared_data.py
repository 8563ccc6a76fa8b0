"""What is known of real files comes out of them; skipped where they are not there."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources.files import read_paths, reasons_of, rows_of
from trendlab.sources.base import Accepted
from trendlab.sources.instagram_ids import moment_of

SHARED = Path(
    os.environ.get("TRENDLAB_SHARED_DATA", Path(__file__).parents[2] / "../shared/data")
).resolve()
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"no shared data at {SHARED}"
)


def test_chanels_tweets_are_read_but_for_the_two_broken_rows():
    records = read_paths(SHARED / "brand_tweets_2021" / "chanel.csv")

    posts = rows_of(records, "posts")
    assert (len(records), len(posts)) == (18_715, 18_713)
    assert reasons_of(records) == ["the row has too few columns"] * 2
    assert len({post["post_id"] for post in posts}) == 18_713
    assert not any("&amp;" in (post["caption"] or "") for post in posts)
    on_third = [post for post in posts if post["created_at"].day == 3]
    assert sum("advent" in (post["caption"] or "").lower() for post in on_third) > 100


def test_tweets_with_places_have_places_and_some_have_points():
    records = read_paths(SHARED / "brand_tweets_2021" / "geo")

    posts = rows_of(records, "posts")
    assert reasons_of(records) == []
    assert len(posts) == 3_680
    # one tweet gives no place, only the point (0, 0), which is none
    assert sum(post["place_id"] is not None for post in posts) == 3_679
    assert sum(post["lat"] is not None for post in posts) == 864


def test_profiles_give_authors_and_posts_but_for_the_unknown_dates():
    records = read_paths(SHARED / "instagram_2017" / "profiles")

    assert len(rows_of(records, "authors")) == 828
    assert len(rows_of(records, "posts")) == 13_988
    assert Counter(reasons_of(records)) == {"date outside 1990 to 2100": 3}


def test_the_number_of_a_post_holds_the_day_that_its_profile_gives():
    posts = rows_of(read_paths(SHARED / "instagram_2017" / "profiles"), "posts")

    # the files give midnight of the day where they were saved
    late = [moment_of(post["post_id"]) - post["created_at"] for post in posts]
    assert len(late) == 13_988
    assert all(timedelta(0) <= by < timedelta(days=1) for by in late)


def test_reddit_listings_are_read():
    records = read_paths(SHARED / "reddit_fashion")

    posts = rows_of(records, "posts")
    assert len(posts) == len(records) == 11_612
    assert all(post["url"].startswith("http://www.reddit.com/r/") for post in posts)


def test_street_photos_are_posts_with_their_files():
    images = SHARED / "ccp" / "images"

    records = read_paths(images)

    media = rows_of(records, "media")
    assert len(media) == len(list(images.iterdir())) == len(records)
    assert all(isinstance(record, Accepted) for record in records)
    assert all(Path(row["path"]).is_absolute() for row in media)
    assert len({row["sha256"] for row in media}) == len(media)
