"""The archives that are told from their content, and what each gives and lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from trendlab.sources import (
    apify,
    fourcat,
    instagram_profiles,
    instaloader,
    zeeschuimer,
)
from trendlab.sources.apify import Apify
from trendlab.sources.base import Source
from trendlab.sources.fourcat import FourcatTable
from trendlab.sources.instagram_profiles import InstagramProfiles
from trendlab.sources.instaloader import Instaloader
from trendlab.sources.members import Head
from trendlab.sources.zeeschuimer import CapturedItems


@dataclass(frozen=True)
class Archive:
    """A format of files that needs no mapping.

    Parameters
    ----------
    title : str
        What it is, for messages.
    recognise : function
        Tells a file from its first bytes.
    open : function
        Makes the source that reads it.
    gives, lacks : str
        Shown by `trendlab sources`.
    """

    title: str
    recognise: Callable[[Head], bool]
    open: Callable[[], Source]
    gives: str
    lacks: str


ARCHIVES: dict[str, Archive] = {
    "instaloader": Archive(
        "instaloader's JSON or JSON.XZ",
        instaloader.recognise,
        Instaloader,
        "posts and stories, comments with replies, authors with followers, places "
        "with coordinates where it was logged in, addresses of photos",
        "shares; hidden likes; comments where --comments was not asked for",
    ),
    "zeeschuimer": Archive(
        "Zeeschuimer's NDJSON of Instagram",
        zeeschuimer.recognise_zeeschuimer,
        partial(CapturedItems, "zeeschuimer"),
        "posts with the moment they were seen, authors' names, places with "
        "coordinates, views, addresses of photos",
        "followers; all comments but those shown under a post; on grids also time "
        "(taken from the id), likes, comments and place",
    ),
    "4cat_ndjson": Archive(
        "4CAT's NDJSON of Instagram",
        zeeschuimer.recognise_fourcat,
        partial(CapturedItems, "4cat_ndjson"),
        "what Zeeschuimer gives, with the moment of collection",
        "what Zeeschuimer lacks",
    ),
    "4cat_csv": Archive(
        "4CAT's CSV of Instagram",
        fourcat.recognise,
        FourcatTable,
        "posts, authors' names, places with coordinates, views, addresses of photos",
        "comments, followers, shares, sponsors; the moment of collection",
    ),
    "apify": Archive(
        "Apify's Instagram items in a JSON list or JSON lines",
        apify.recognise,
        Apify,
        "posts with their newest comments, comments with replies, authors with "
        "followers, names of places, sponsors, addresses of photos",
        "coordinates, shares, hidden likes; the moment of collection",
    ),
    "instagram_profiles": Archive(
        "an Instagram profile in JSON",
        instagram_profiles.recognise,
        InstagramProfiles,
        "authors with followers, their newest posts, addresses of photos",
        "comments, times of day",
    ),
}
"""Name → archive, in the order in which they are tried."""
