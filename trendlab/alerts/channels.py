"""Channels: names for addresses that only this module opens and nothing prints."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from trendlab.errors import AlertError, SettingsError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Every alert goes there, so no address can take their names.
RESERVED = ("log", "file")


class Post(Protocol):
    """Takes a message to one address."""

    def __call__(self, address: str, title: str, body: str, *, key: str) -> None:
        """Send, or raise `AlertError`; `key` is the same on every retry."""


def parse_channels(text: str) -> dict[str, str]:
    """Read `name=address` entries, separated by white space or line ends.

    Lines that start with # are comments.

    Raises
    ------
    SettingsError
        Says which entry is wrong, never what it holds.
    """
    entries = [
        entry
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
        for entry in line.split()
    ]
    channels: dict[str, str] = {}
    for place, entry in enumerate(entries, start=1):
        name, equals, address = entry.partition("=")
        if equals == "" or address == "" or not _NAME.fullmatch(name):
            raise SettingsError(
                f"alert channel {place} of {len(entries)}: expected name=address, "
                "with a name of letters, digits, _ and -"
            )
        if name in RESERVED or name in channels:
            why = "is taken" if name in RESERVED else "is given twice"
            raise SettingsError(f"alert channel {place}: the name {name} {why}")
        channels[name] = address
    return channels


def notify(channels: Mapping[str, str], name: str, title: str, body: str) -> None:
    """Tell one channel something that is not an alert, such as a failed night.

    Raises
    ------
    AlertError
        If no channel has that name, or it does not take the message.
    """
    if name not in channels:
        raise AlertError(f"no channel is called {name!r}: set TRENDLAB_ALERT_URLS")
    try:
        post_by_apprise(channels[name], title, body, key="")
    except AlertError as error:
        raise AlertError(f"channel {name}: {error}") from None


def post_by_apprise(address: str, title: str, body: str, *, key: str) -> None:
    """Send a plain-text message to an apprise address.

    Web hooks get `Idempotency-Key: key`; e-mails get `X-Trendlab-Alert: key` and
    refer to one made-up message per alert, so that a repeat joins the first in a
    mail program's thread.

    Raises
    ------
    AlertError
        If the address is not one that apprise knows, or the channel refuses.
    """
    # half a second to import, and only those who send need it
    import apprise

    with _quiet():
        with warnings.catch_warnings():
            # its plugins load on first use, and import modules that Python retires
            warnings.simplefilter("ignore", DeprecationWarning)
            service = apprise.Apprise.instantiate(address)
        if service is None:
            raise AlertError("its address is not one that apprise understands")
        headers = getattr(service, "headers", None)
        if key != "" and isinstance(headers, dict):
            if service.__class__.__name__ == "NotifyEmail":
                reference = f"<alert-{key}@trendlab.invalid>"
                headers |= {"X-Trendlab-Alert": key, "References": reference}
            else:
                headers["Idempotency-Key"] = key
        outbox = apprise.Apprise()
        outbox.add(service)
        is_sent = outbox.notify(body=body, title=title, body_format="text")
    if not is_sent:
        raise AlertError("it did not take the message")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence all logging: apprise and what it sends with name addresses."""
    was = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(was)
