"""Photos from addresses that strangers gave: checked, pinned, bounded downloads.

    url ─▶ addresses (may it be asked?) ─▶ connect (resolve once, check, dial just that)
                    ▲                              │
                    └── every redirect ◀── download (bounded body, bounded time)

`hosts` shares the work among threads, a few connections a host. What the bytes are is
not looked at here: the images room decodes them before a photo counts as stored.
"""

from trendlab.sources.media.addresses import Reach, check_url, host_of, refusal_of
from trendlab.sources.media.connect import Resolve, resolve_host
from trendlab.sources.media.download import Fetched, Limits, PhotoClient
from trendlab.sources.media.hosts import Patience, share_by_host

__all__ = [
    "Fetched",
    "Limits",
    "Patience",
    "PhotoClient",
    "Reach",
    "Resolve",
    "check_url",
    "host_of",
    "refusal_of",
    "resolve_host",
    "share_by_host",
]
