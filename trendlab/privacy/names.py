"""Names of people in texts: mentions, profile addresses, and single words.

A handle is told by how it is written: `@ana`, `u/ana`, `ana.tumblr.com`, or as a part
of an address, with or without `https://`; an id by its form where it has one (`did:…`).

    replace_names("with @ana at https://x.example/ana", is_named)
    → "with @[forgotten] at https://x.example/[forgotten]"

A name is asked for, never listed, so the same code works where names are known (while
an author is erased) and where only their hashes are (at every later ingest).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

IsNamed = Callable[[str], bool]
"""Tells of a folded name whether it is meant."""

Renamed = Callable[[str], str | None]
"""Folded name → what stands in its place; None leaves it as it is written."""

PLACEHOLDER = "[forgotten]"
"""Stands in place of a name; no handle can be read out of it again."""

# As sources read mentions: word characters, with dots and hyphens inside, and the
# server that Mastodon adds.
_MENTION = re.compile(
    r"(?<![\w@＠/])([@＠])(\w(?:[\w.-]{0,98}\w)?(?:@[\w.-]{1,100}\w)?)"
)
# Reddit: `u/ana`, `/u/ana`, and the page of a user, `r/u_ana`; 3 to 20 characters.
_REDDIT = re.compile(
    r"(?<![\w@＠/.-])(/?(?:u/|r/u_))([\w-]{3,20})(?![\w-])", re.I | re.A
)
# Hosts below which each name is a person's own: Tumblr's blogs, Bluesky's handles.
_OWN_HOST = re.compile(
    r"(?<![\w@＠.-])(?!(?:www|api|assets|static|embed|px)\.)"
    r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(\.tumblr\.com|\.bsky\.social)(?![\w-])",
    re.I | re.A,
)
# Where a path names a person though no scheme stands before it. Other words with a dot
# and a slash ("and.or/both") may be anything.
_NETWORKS = "|".join(
    re.escape(host)
    for host in (
        "instagram.com",
        "threads.net",
        "threads.com",
        "tiktok.com",
        "bsky.app",
        "reddit.com",
        "tumblr.com",
        "flickr.com",
        "twitter.com",
        "x.com",
        "facebook.com",
        "youtube.com",
        "pinterest.com",
        "vk.com",
        "linktr.ee",
    )
)
_PATH = r"/[^\s<>\"']*"
_ADDRESS = re.compile(
    rf"(https?://)([^\s/<>\"'?#]+)({_PATH}|[?#][^\s<>\"']*|)", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(
    rf"(?<![\w@＠/.-])()((?:[a-z0-9-]+\.)*(?:{_NETWORKS})"
    # Mastodon's profiles are at any host, below an @
    rf"|(?:[a-z0-9-]+\.)+[a-z]{{2,24}}(?=/[@＠]))({_PATH})",
    re.IGNORECASE,
)
# What a text must hold for a pattern to be worth the search: most hold none of these.
_MAY_BE_BARE = re.compile(r"\.[a-z]{2,24}/", re.IGNORECASE)
_MAY_BE_REDDIT = re.compile(r"[uU][/_]")
_MAY_BE_OWN_HOST = re.compile(r"\.(?:tumblr\.com|bsky\.social)", re.IGNORECASE)
# An author's id that is told as one wherever it stands (Bluesky).
_DID = re.compile(r"(?<![\w:.])did:(?:plc|web):[\w.%-]*\w", re.ASCII)
_BETWEEN_SEGMENTS = re.compile(r"([/?#&=])")
# Ids of some networks hold colons; a handle may hold dots and hyphens.
_WORD = re.compile(r"\w(?:[\w:.@-]*\w)?")


def fold_name(name: str) -> str:
    """Return a handle as sources store it: NFKC, casefolded, without @."""
    return unicodedata.normalize("NFKC", name).strip().lstrip("@").casefold()


def is_did(name: str) -> bool:
    """Tell whether a name is an id of the kind that Bluesky gives (a DID)."""
    return _DID.fullmatch(name) is not None


def may_hold_names(text: str) -> bool:
    """Tell quickly whether a text can hold a mention or an address."""
    is_likely = "@" in text or "＠" in text or "/" in text or "did:" in text
    return is_likely or _MAY_BE_OWN_HOST.search(text) is not None


def replace_names(text: str, is_named: IsNamed) -> str:
    """Put a placeholder in place of handles, where it is told that they are ones.

    Parameters
    ----------
    text : str
    is_named : callable
        Of an address `https://host/@ana` both `ana` and `ana@host` are asked for.

    Notes
    -----
    A bare word is left as it is: it may be anything but the person.
    """
    if not may_hold_names(text):
        return text

    def renamed_rest(host: str, rest: str) -> str:
        return _without_segments(host.lower(), rest, is_named)

    def renamed(name: str) -> str | None:
        return PLACEHOLDER if is_named(name) else None

    return rename_handles(rename_addresses(text, renamed_rest), renamed)


def _without_segments(host: str, rest: str, is_named: IsNamed) -> str:
    """Replace the parts of an address behind its host that are names."""
    parts = _BETWEEN_SEGMENTS.split(rest)
    for at, part in enumerate(parts):
        name = fold_name(part.rstrip(".,;:!)"))
        if host.endswith("reddit.com"):
            name = name.removeprefix("u_")
        if name and (is_named(name) or is_named(f"{name}@{host}")):
            parts[at] = PLACEHOLDER
    return "".join(parts)


def rename_addresses(text: str, renamed_rest: Callable[[str, str], str]) -> str:
    """Replace what stands behind the host in addresses, with or without a scheme.

    Parameters
    ----------
    text : str
    renamed_rest : callable
        Host, as written, and all that follows it → what follows it from now on.
    """

    def address(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{renamed_rest(found[2], found[3])}"

    if "://" in text:
        text = _ADDRESS.sub(address, text)
    return _BARE_ADDRESS.sub(address, text) if _MAY_BE_BARE.search(text) else text


def rename_handles(text: str, renamed: Renamed) -> str:
    """Replace `@ana`, `u/ana`, names that are hosts (`ana.tumblr.com`), and DIDs.

    Parameters
    ----------
    text : str
    renamed : callable
        Asked for `ana` of each; of Bluesky's hosts for all of `ana.bsky.social`.
    """

    def mention(found: re.Match[str]) -> str:
        new = renamed(fold_name(found[2]))
        return str(found[0]) if new is None else found[1] + new

    def did(found: re.Match[str]) -> str:
        new = renamed(fold_name(found[0]))
        return str(found[0]) if new is None else new

    def host(found: re.Match[str]) -> str:
        # a blog's name is the label; a handle of Bluesky is the whole
        is_label = found[2].lower() == ".tumblr.com"
        new = renamed(fold_name(found[1] if is_label else found[0]))
        return str(found[0]) if new is None else new + found[2]

    if "did:" in text:
        text = _DID.sub(did, text)
    if _MAY_BE_OWN_HOST.search(text):
        text = _OWN_HOST.sub(host, text)
    if _MAY_BE_REDDIT.search(text):
        text = _REDDIT.sub(mention, text)
    return _MENTION.sub(mention, text) if "@" in text or "＠" in text else text


def holds_name(text: str, is_named: IsNamed) -> bool:
    """Tell whether any whole word of a text is a name; for raw records.

    Words are looked at with the dots, colons, hyphens and @ inside them, and in the
    pieces between these; as they are, for ids, and folded, for handles.
    """
    words = set(_WORD.findall(text))
    words |= {piece for word in words for piece in re.split(r"[:@]", word) if piece}
    return any(is_named(word) or is_named(fold_name(word)) for word in words)
