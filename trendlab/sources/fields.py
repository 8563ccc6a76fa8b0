"""Reads single fields as sources write them: times, counts, texts, tags, places."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from trendlab.sources.base import FieldError

# An integer beyond this is no count of anything; int64 ends near 9.2e18.
MAX_COUNT = 10**15
# Epoch values at or above this are milliseconds (in seconds: the year 5138).
MILLISECONDS_FROM = 100_000_000_000
# And at or above this microseconds (in milliseconds: the year 5138).
MICROSECONDS_FROM = 100_000_000_000_000
# A text longer than this is no post: the longest service allows 65,535 characters.
MAX_TEXT_CHARACTERS = 200_000
MAX_ID_CHARACTERS = 1_000
MAX_TAGS = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MOMENT = datetime(1990, 1, 1, tzinfo=UTC)
_LAST_MOMENT = datetime(2101, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,9})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}(?:\.0{1,9})?", re.ASCII)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MENTION = re.compile(r"(?<![\w@＠/])[@＠](\w(?:[\w.-]{0,98}\w)?(?:@[\w.-]{1,100}\w)?)")
_BETWEEN_ITEMS = re.compile(r"[\s,;|]+")
_BETWEEN_ADDRESSES = re.compile(r"[\s|]+|[,;](?=\s|https?:|['\"])")
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
_FALSE = {"false", "f", "no", "n", "0", "0.0"}
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".avif")


@lru_cache(maxsize=1)
def _hashtag_pattern() -> re.Pattern[str]:
    r"""Return # and word characters, combining marks and joiners included.

    Python's `\w` lacks the marks that Indic and Thai words are written with.
    """
    marks = [
        chr(code)
        for code in range(0x300, 0x10000)
        if unicodedata.category(chr(code)) in ("Mn", "Mc")
    ]
    body = rf"[\w\u200c\u200d{''.join(marks)}]"
    return re.compile(rf"(?<![\w&/＃#])[#＃]({body}{{1,150}})")


def is_given(value: Any) -> bool:
    """Tell whether a source gave a value: not null, not empty text, not NaN."""
    if value is None or value == "":
        return False
    return not (isinstance(value, float) and math.isnan(value))


def read_text(
    value: Any,
    field: str,
    *,
    is_escaped: bool = False,
    limit: int = MAX_TEXT_CHARACTERS,
) -> str | None:
    """Return a text in NFC, None when it is not given.

    Half surrogate pairs, which cut emoji leave behind, become U+FFFD. NUL stays,
    for the lake's door refuses it.

    Raises
    ------
    FieldError
        If it is no text, or too long.
    """
    if not isinstance(value, str):
        if not is_given(value):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(field, "is not text", value)
        value = str(value)
    if not value:
        return None
    if len(value) > limit:
        raise FieldError(field, f"is longer than {limit} characters", value)
    if value.isascii():
        return unescape(value) if is_escaped else value
    text = _SURROGATE.sub("\ufffd", value)
    if is_escaped:
        text = unescape(text)
    return unicodedata.normalize("NFC", text)


def unescape(text: str) -> str:
    """Turn `&amp;` into `&`; only entities that end in a semicolon.

    Without that rule an address with `&copy=2` would change.
    """
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text)


def read_id(value: Any, field: str) -> str | None:
    """Return an id as text, None when it is not given.

    Raises
    ------
    FieldError
        If it is no number or text that can be stored.
    """
    if not isinstance(value, str):
        if not is_given(value):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(field, "is not an id", value)
        if isinstance(value, float):
            if not value.is_integer():
                raise FieldError(field, "is not an id", value)
            value = int(value)
        if abs(value) > 10**100:
            raise FieldError(field, "is not an id", "a number of over 100 digits")
        value = str(value)
    text = value.strip()
    if len(text) > MAX_ID_CHARACTERS or (
        not text.isascii() and _SURROGATE.search(text)
    ):
        raise FieldError(field, "is not an id", text)
    return text or None


def read_handle(value: Any, field: str) -> str | None:
    """Return a handle, casefolded, without @; None when it is not given."""
    text = read_id(value, field)
    if text is None:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.lstrip("@").casefold() or None


def read_count(value: Any, field: str, hidden: Iterable[int] = (-1,)) -> int | None:
    """Return a whole number from 0, None when it is hidden or not given.

    Raises
    ------
    FieldError
        If it is no whole number, negative, or beyond all counts.
    """
    if type(value) is int:
        number = value
    elif not is_given(value):
        return None
    elif isinstance(value, bool):
        raise FieldError(field, "is not a count", value)
    elif isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # the pattern bounds the digits before they are turned into a number
        if not _INTEGER.fullmatch(text):
            raise FieldError(field, "is not a count", value)
        number = int(text.split(".")[0])
    elif isinstance(value, float):
        if not value.is_integer():
            raise FieldError(field, "is not a count", value)
        number = int(value)
    else:
        raise FieldError(field, "is not a count", value)
    if number in hidden:
        return None
    if number < 0:
        raise FieldError(field, "below 0", number)
    if number > MAX_COUNT:
        raise FieldError(field, "is not a count", str(value)[:40])
    return number


def read_degrees(value: Any, field: str) -> float | None:
    """Return degrees as a float, None when not given; the range is the door's.

    Raises
    ------
    FieldError
        If it is no finite number.
    """
    if not is_given(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FieldError(field, "is not a number", value)
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        raise FieldError(field, "is not a number", value) from None
    if not math.isfinite(degrees):
        raise FieldError(field, "is not a number", value)
    return degrees


def read_flag(value: Any, field: str) -> bool | None:
    """Return true or false, None when not given.

    Raises
    ------
    FieldError
        If it is neither.
    """
    if not is_given(value):
        return None
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int | float) else ""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise FieldError(field, "is neither true nor false", value)


def read_moment(
    value: Any, field: str, *, time_format: str = "auto", zone: ZoneInfo | None = None
) -> datetime:
    """Return a moment in UTC.

    Parameters
    ----------
    value : Any
        ISO 8601, RFC 2822, Twitter's `Wed Aug 27 13:08:45 +0000 2008`, seconds,
        milliseconds or microseconds since 1970, or a datetime.
    field : str
    time_format : str
        `auto`, `epoch_seconds`, `epoch_milliseconds`, or a strptime format.
    zone : ZoneInfo or None
        Zone of times that name none; UTC when None.

    Raises
    ------
    FieldError
        If it is missing, cannot be read, or lies outside 1990 to 2100. Midnight of
        1970-01-01 is how some exports write "not known".
    """
    if not is_given(value):
        raise FieldError(field, "is missing")
    try:
        moment = _moment(value, time_format)
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC if zone is None else zone)
        if moment is not None and moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        moment = None
    if moment is None:
        raise FieldError(field, "cannot be read as a time", value)
    if not _FIRST_MOMENT <= moment < _LAST_MOMENT:
        raise FieldError(field, "outside 1990 to 2100", value)
    return moment


def _moment(value: Any, time_format: str) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        value = value.strip()
        if time_format == "auto" and not _NUMBER.fullmatch(value):
            return _written_moment(value)
        if "%" in time_format:
            return datetime.strptime(value, time_format)
    elif "%" in time_format:
        return datetime.strptime(str(value), time_format)
    # from timedelta, not fromtimestamp: exact, and the same on every platform
    number = float(value)
    is_milliseconds = time_format == "epoch_milliseconds" or (
        time_format == "auto" and abs(number) >= MILLISECONDS_FROM
    )
    is_microseconds = time_format == "auto" and abs(number) >= MICROSECONDS_FROM
    per_second = 1_000_000 if is_microseconds else 1_000 if is_milliseconds else 1
    seconds = number / per_second
    return _EPOCH + timedelta(seconds=seconds)


def _written_moment(text: str) -> datetime | None:
    if text[:4].isdigit():
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    if len(text) == 30 and text[-5:-4] == " ":
        return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
    return parsedate_to_datetime(text)


def read_point(
    lat: Any, lon: Any, lat_field: str = "lat", lon_field: str = "lon"
) -> tuple[float | None, float | None]:
    """Return latitude and longitude; neither where one is missing or both are 0.

    (0, 0) lies in the sea off Ghana and is what exports write for "not known".
    """
    north, east = read_degrees(lat, lat_field), read_degrees(lon, lon_field)
    if north is None or east is None or (north == 0 and east == 0):
        return None, None
    return north, east


def hashtags_in(text: str | None) -> list[str]:
    """Return the hashtags of a text, NFKC casefolded, each once, in order."""
    if text is None or ("#" not in text and "＃" not in text):
        return []
    return fold_tags(_hashtag_pattern().findall(text))


def fold_tags(tags: Iterable[str]) -> list[str]:
    """Fold hashtags, drop # and what is only digits, keep each once."""
    folded = []
    for tag in tags:
        if tag.isascii():
            name = tag.casefold().strip().lstrip("#")
        else:
            name = unicodedata.normalize("NFKC", tag).casefold().strip().lstrip("#")
            name = unicodedata.normalize("NFKC", _SURROGATE.sub("\ufffd", name))
        if name and not name.isdigit():
            folded.append(name)
    return list(dict.fromkeys(folded))[:MAX_TAGS]


def mentions_in(text: str | None) -> list[str]:
    """Return the handles that a text mentions, casefolded, each once, in order."""
    if text is None or ("@" not in text and "＠" not in text):
        return []
    return fold_handles(_MENTION.findall(text))


def fold_handles(handles: Iterable[str]) -> list[str]:
    """Fold handles, drop @, keep each once."""
    folded = []
    for handle in handles:
        name = handle
        if not handle.isascii():
            name = _SURROGATE.sub("\ufffd", unicodedata.normalize("NFKC", handle))
        name = name.strip().lstrip("@").casefold()
        if name:
            folded.append(name)
    return list(dict.fromkeys(folded))[:MAX_TAGS]


def read_list(value: Any, field: str) -> list[str]:
    """Return a list of texts from a list, or from text that writes one.

    Items stand between commas, semicolons, bars or spaces; brackets and quotes
    around them are dropped. Commas within an address stay.

    Raises
    ------
    FieldError
        If it is neither.
    """
    if not is_given(value):
        return []
    if isinstance(value, str):
        between = _BETWEEN_ADDRESSES if "://" in value else _BETWEEN_ITEMS
        parts = [part.strip("[]'\"") for part in between.split(value)]
        return [part for part in parts if part]
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    raise FieldError(field, "is not a list of texts", value)


def is_photo_address(url: str) -> bool:
    """Tell whether an address names a photo by its ending."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https")
    return is_web and parts.path.lower().endswith(PHOTO_SUFFIXES)


def stable_id(*parts: str | None) -> str:
    """Return the same 32 hexadecimal digits for the same parts, on every machine."""
    # lengths keep the parts apart: ("ab", "c") is not ("a", "bc")
    whole = "\x1f".join(
        "-" if part is None else f"{len(part)}:{part}" for part in parts
    )
    return blake2b(whole.encode("utf-8", errors="replace"), digest_size=16).hexdigest()
