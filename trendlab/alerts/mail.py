"""Writes alert mails: apprise reads the address, the Message-ID is ours.

apprise gives every mail a random Message-ID, by which nobody can tell a repeat. So the
letter is composed here, and delivered with apprise's own connection.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import Any, Protocol

# Message-IDs need a domain; nothing answers under this one (RFC 6761).
DOMAIN = "trendlab.invalid"


class Keyed(Protocol):
    """What a letter needs of a message."""

    @property
    def key(self) -> str:
        """Name the message; the same on every attempt."""

    @property
    def follows(self) -> str:
        """Name the message that this one answers, "" for none."""

    @property
    def is_repeat(self) -> bool:
        """Tell whether an earlier attempt may have got through."""


def message_id(key: str) -> str:
    """Return the Message-ID of an alert."""
    return f"<alert-{key}@{DOMAIN}>"


def compose_mail(
    sender: tuple[str | None, str], to: str, title: str, body: str, message: Keyed
) -> EmailMessage:
    """Write a plain-text letter with a Message-ID made of the key.

    Raises
    ------
    ValueError
        If a header would hold a line break.
    """
    letter = EmailMessage()
    letter["Subject"] = title
    letter["From"] = formataddr((sender[0] or "", sender[1]))
    letter["To"] = to
    letter["Date"] = formatdate(localtime=False)
    letter["Message-ID"] = message_id(message.key)
    letter["X-Trendlab-Alert"] = message.key
    # out-of-office programs do not answer what is marked so (RFC 3834)
    letter["Auto-Submitted"] = "auto-generated"
    if message.follows != "":
        letter["In-Reply-To"] = message_id(message.follows)
        letter["References"] = message_id(message.follows)
    if message.is_repeat:
        letter["X-Trendlab-Repeat"] = "possible"
    letter.set_content(body)
    return letter


def post_mail(service: Any, title: str, body: str, message: Keyed) -> bool:
    """Deliver a letter to every recipient of an apprise mail address.

    Parameters
    ----------
    service : apprise.plugins.email.base.NotifyEmail
        An address as apprise read it.
    title, body : str
    message : Keyed

    Returns
    -------
    bool
        False where the server cannot be reached or refuses a recipient.
    """
    from apprise.exception import AppriseImproperlyConfigured
    from apprise.plugins.email.smtp import AppriseSMTPController

    if not service.targets:
        return False
    is_sent = True
    try:
        with AppriseSMTPController(
            host=service.smtp_host,
            port=service.port,
            secure_mode=service.secure_mode,
            user=service.user,
            password=service.password,
            verify_certificate=service.verify_certificate,
            socket_connect_timeout=service.socket_connect_timeout,
        ) as server:
            for name, address in service.targets:
                letter = compose_mail(
                    tuple(service.from_addr),
                    formataddr((name or "", address)),
                    title,
                    body,
                    message,
                )
                if service.cc:
                    letter["Cc"] = ", ".join(sorted(service.cc))
                if service.reply_to:
                    letter["Reply-To"] = ", ".join(sorted(service.reply_to))
                everyone = [address, *sorted(service.cc), *sorted(service.bcc)]
                is_sent &= bool(
                    server.sendmail(
                        service.from_addr[1], everyone, letter.as_bytes().decode()
                    )
                )
    except (OSError, smtplib.SMTPException, AppriseImproperlyConfigured):
        return False
    return is_sent
