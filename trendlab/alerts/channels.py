"""Channels: names for addresses that only this module opens and nothing prints."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from trendlab.alerts.mail import post_mail
from trendlab.errors import AlertError, SettingsError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Every alert goes there, so no address can take their names.
RESERVED = ("log", "file")


# Mails and web hooks of an alert that may have been told already begin with this.
REPEAT_MARK = "(repeat) "
REPEAT_NOTE = (
    "An earlier attempt was cut off before it was recorded, so you may have had this "
    "message already.\n\n"
)


@dataclass(frozen=True)
class Message:
    """What a channel gets.

    Parameters
    ----------
    title, body : str
        Plain text; the title is one line.
    key : str
        The same on every attempt: idempotency key of web hooks and Message-ID of
        mails. "" for a notice, which is sent once.
    follows : str
        Key of the message that this one answers, "" for none.
    is_repeat : bool
        True where an earlier attempt may have got through.
    """

    title: str
    body: str
    key: str = ""
    follows: str = ""
    is_repeat: bool = False


class Post(Protocol):
    """Takes a message to one address."""

    def __call__(self, address: str, message: Message) -> None:
        """Send, or raise `AlertError`."""


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
        post_by_apprise(channels[name], Message(title, body))
    except AlertError as error:
        raise AlertError(f"channel {name}: {error}") from None


def post_by_apprise(address: str, message: Message) -> None:
    """Send a plain-text message to an apprise address.

    Web hooks get the header `Idempotency-Key: key`, and `Idempotency-Repeat: possible`
    where an earlier attempt may have got through. Mails get a Message-ID made of the
    key, so that a mail server or program that saw it knows a repeat.

    Raises
    ------
    AlertError
        If the address is not one that apprise knows, or the channel refuses.
    """
    # half a second to import, and only those who send need it
    import apprise

    # a line break in a header would begin another header
    title = " ".join(message.title.split())
    body = message.body
    if message.is_repeat:
        title, body = REPEAT_MARK + title, REPEAT_NOTE + body
    with _quiet():
        with warnings.catch_warnings():
            # its plugins load on first use, and import modules that Python retires
            warnings.simplefilter("ignore", DeprecationWarning)
            service = apprise.Apprise.instantiate(address)
        if service is None:
            raise AlertError("its address is not one that apprise understands")
        if service.__class__.__name__ == "NotifyEmail" and message.key != "":
            is_sent = post_mail(service, title, body, message)
        else:
            headers = getattr(service, "headers", None)
            if message.key != "" and isinstance(headers, dict):
                headers["Idempotency-Key"] = message.key
                if message.is_repeat:
                    headers["Idempotency-Repeat"] = "possible"
            outbox = apprise.Apprise()
            outbox.add(service)
            is_sent = bool(outbox.notify(body=body, title=title, body_format="text"))
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
