"""Makes what strangers wrote do nothing: one plain line, no markup, no links."""

from __future__ import annotations

import re
import unicodedata

# A person reads a line or two of a quoted caption; the link leads to the rest.
QUOTE_LENGTH = 160
# A longer address is tracking, or an attack on the reader's patience.
ADDRESS_LENGTH = 300

_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://\S*|\bwww\.\S+"
    r"|\b(?:mailto|tel|sms|javascript|data|file):\S+",
    re.IGNORECASE,
)
# Mail programs and chat services link bare names of hosts too: `evil.example/x`.
_HOST = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
_MARKUP = re.compile(r"[<>\[\](){}*`~|\\^]+|(?<!\w)_+|_+(?!\w)")
_WEB = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)


def make_inert(text: str, length: int = QUOTE_LENGTH) -> str:
    """Turn what strangers wrote into one plain line that does nothing.

    Control, direction and invisible characters go, and so does what HTML,
    Markdown or chat services read as markup; addresses are named, not linked, and
    names of hosts get a space; an @ becomes its full-width form, which mentions
    nobody.
    """
    spaced = "".join(
        " " if unicodedata.category(mark)[0] in "CZ" else mark for mark in text
    )
    plain = _MARKUP.sub(" ", _ADDRESS.sub("(link)", spaced).replace("(link)", "\0"))
    apart = _HOST.sub(". ", plain)
    words = " ".join(apart.replace("\0", "(link)").replace("@", "＠").split())
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"


def web_address(url: str | None) -> str:
    """Return an address that is safe to show, or nothing."""
    if url is None:
        return ""
    shown = url.strip()
    is_safe = len(shown) <= ADDRESS_LENGTH and shown.isprintable()
    return shown if is_safe and _WEB.fullmatch(shown) else ""
