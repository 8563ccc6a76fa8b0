"""The live sources by name; a source is known once its class stands here."""

from __future__ import annotations

from trendlab.errors import SettingsError
from trendlab.sources.bluesky import Bluesky
from trendlab.sources.flickr import Flickr
from trendlab.sources.instagram import Instagram
from trendlab.sources.live import LiveSource
from trendlab.sources.mastodon import Mastodon
from trendlab.sources.reddit import Reddit
from trendlab.sources.tiktok import TikTok
from trendlab.sources.tumblr import Tumblr

_CLASSES: tuple[type[LiveSource], ...] = (
    Mastodon,
    Bluesky,
    Instagram,
    Flickr,
    Reddit,
    Tumblr,
    TikTok,
)

LIVE: dict[str, type[LiveSource]] = {source.name: source for source in _CLASSES}
"""Name → class; `trendlab sources` shows them in this order."""


def live_source(name: str) -> type[LiveSource]:
    """Return the class of a live source.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    if name not in LIVE:
        known = ", ".join(LIVE) or "none"
        raise SettingsError(f"expected a live source ({known}), got {name!r}")
    return LIVE[name]
