"""Whether a home keeps pseudonyms, with which key, and names as its rows have them.

A home keeps names or pseudonyms from its first record on. Which, and the mark of the
key, stand in `<home>/keys/pseudonyms.id`; whoever comes with another key, or with
none, is refused, for the same author would then be two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trendlab.errors import PrivacyError, SettingsError
from trendlab.lake import Lake
from trendlab.privacy.hashing import KEY_BYTES
from trendlab.privacy.names import fold_name
from trendlab.privacy.pseudonyms import Pseudonyms, is_pseudonym
from trendlab.settings import Settings
from trendlab.steps.keys import (
    FOLDER,
    PSEUDONYM_MARK,
    draw_key,
    read_key,
    write_privately,
)
from trendlab.steps.step import Context
from trendlab.trackers import Tracker

# Tables that records reach by the door.
_COLLECTED = ("posts", "comments", "authors")


def open_pseudonyms(settings: Settings, lake: Lake) -> Pseudonyms | None:
    """Return the pseudonyms of a home, None where it keeps names.

    Raises
    ------
    PrivacyError
        If the key is not the home's, or the home keeps the other kind of names.
    SettingsError
        If the key cannot be one; it is not shown.
    """
    mark = lake.root.parent / FOLDER / PSEUDONYM_MARK
    held = mark.read_text(encoding="ascii").strip() if mark.exists() else None
    if settings.pseudonyms == "off":
        if held is not None:
            raise PrivacyError(
                f"{settings.home} keeps pseudonyms: set TRENDLAB_PSEUDONYMS=keyed, "
                "with the key that they were made with"
            )
        return None
    pseudonyms = Pseudonyms(_key_of(settings, is_new=held is None))
    if held is None:
        if any(lake.days(table) for table in _COLLECTED):
            raise PrivacyError(
                f"TRENDLAB_PSEUDONYMS=keyed: {settings.home} holds records with names "
                "already; begin with an empty home, and ingest what you have there"
            )
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_privately(mark, pseudonyms.key_id + "\n")
    elif held != pseudonyms.key_id:
        raise PrivacyError(
            f"the pseudonyms of {settings.home} were made with the key {held}, the one "
            f"given is {pseudonyms.key_id}: give the first, or the same author would "
            "be two"
        )
    return pseudonyms


def _key_of(settings: Settings, *, is_new: bool) -> bytes:
    """Return the key: of the variable, of the file named, or the home's own."""
    given, path = settings.pseudonym_key, settings.pseudonym_key_file
    if given is not None and path is not None:
        raise SettingsError(
            "give TRENDLAB_PSEUDONYM_KEY or TRENDLAB_PSEUDONYM_KEY_FILE, not both"
        )
    if given is not None:
        try:
            key = bytes.fromhex(given.get_secret_value().strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SettingsError(
                f"TRENDLAB_PSEUDONYM_KEY wants {2 * KEY_BYTES} hexadecimal digits, "
                "such as `openssl rand -hex 32` prints"
            )
        return key
    if path is not None:
        return read_key(path)
    own = settings.home / FOLDER / "pseudonyms.key"
    # a home that has pseudonyms and no key lost it: a new one would not do
    return draw_key(own) if is_new else read_key(own)


@dataclass(frozen=True)
class Named:
    """A name as rows of the lake may have it.

    Parameters
    ----------
    handle : str
    ids : frozenset of str
        The name as an id; none where it can only be a handle.
    as_id : str or None
        The id of rows whose source has none and repeats the handle, which tells
        nobody apart; None where nothing tells which id that is.
    """

    handle: str
    ids: frozenset[str]
    as_id: str | None


def stored_name(name: str, pseudonyms: Pseudonyms | None) -> Named:
    """Return what a name can be in the lake.

    Parameters
    ----------
    name : str
        Id at the source, or handle; one that begins with @ is a handle.
    pseudonyms : Pseudonyms or None
        Of a home that keeps these; a name that has the form of one is taken for it.
    """
    handle = fold_name(name)
    ids = set() if name.startswith("@") else {name}
    if pseudonyms is None:
        return Named(handle, frozenset(ids), handle)
    if is_pseudonym(handle):
        return Named(handle, frozenset(ids), None)
    return Named(
        pseudonyms.of_handle(handle),
        frozenset(map(pseudonyms.of_id, ids)),
        pseudonyms.of_id(handle),
    )


def stored_trackers(context: Context) -> list[Tracker]:
    """Return the trackers with the authors they name as the lake's rows name them."""
    pseudonyms = open_pseudonyms(context.settings, context.lake)
    return [stored_tracker(tracker, pseudonyms) for tracker in context.trackers]


def stored_tracker(tracker: Tracker, pseudonyms: Pseudonyms | None) -> Tracker:
    """Return a tracker with the authors it names as the lake's rows name them."""
    if pseudonyms is None:
        return tracker

    def named(handles: Sequence[str]) -> tuple[str, ...]:
        return tuple(pseudonyms.of_handle(handle) for handle in handles)

    return tracker.model_copy(
        update={
            "accounts": named(tracker.accounts),
            # an id stands beside a handle: a pseudonym is of one or the other
            "brands": (
                *named(tracker.brands),
                *(pseudonyms.of_id(one) for one in tracker.brands),
            ),
            "exclusions": tuple(
                rule.model_copy(update={"users": named(rule.users)})
                for rule in tracker.exclusions
            ),
        }
    )
