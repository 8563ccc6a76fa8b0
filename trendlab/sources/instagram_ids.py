"""Instagram's ids: a shortcode is the number in base 64, and the number holds a time.

Formats name a post by its number, its shortcode or both; stored is the number.

References
----------
Instagram Engineering, "Sharding & IDs at Instagram" (2012): 41 bits of milliseconds
since an epoch of their own, 13 bits of shard, 10 bits of sequence.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

from trendlab.sources.base import FieldError
from trendlab.sources.fields import is_given

# The number has 64 bits, which 11 characters of 6 bits hold.
SHORTCODE_CHARACTERS = 11
# Posts of private accounts carry a key of this length behind the shortcode.
PRIVATE_KEY_CHARACTERS = 28
_CODE = re.compile(r"[A-Za-z0-9_-]{1,39}", re.ASCII)
_NUMBER = re.compile(r"(\d{1,20})(?:_\d{1,20})?", re.ASCII)
_IN_ADDRESS = re.compile(r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{1,64})")
_MAX_NUMBER = 2**64 - 1
_TIME_SHIFT = 23
# 24 August 2011, 21:07 UTC: where the milliseconds of the ids begin.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1_314_220_021_721)


def id_of_shortcode(shortcode: Any, field: str) -> str:
    """Return the number that a shortcode writes, as text.

    Raises
    ------
    FieldError
        If it is no shortcode.
    """
    if not isinstance(shortcode, str) or not _CODE.fullmatch(shortcode):
        raise FieldError(field, "is not a shortcode", shortcode)
    code = shortcode
    if len(code) == SHORTCODE_CHARACTERS + PRIVATE_KEY_CHARACTERS:
        code = code[:SHORTCODE_CHARACTERS]
    if len(code) > SHORTCODE_CHARACTERS:
        raise FieldError(field, "is not a shortcode", shortcode)
    # A is the digit 0; 12 characters are whole bytes
    number = int.from_bytes(urlsafe_b64decode(code.rjust(12, "A")), "big")
    if number > _MAX_NUMBER:
        raise FieldError(field, "is not a shortcode", shortcode)
    return str(number)


def shortcode_in(address: str | None) -> str | None:
    """Return the shortcode in the address of a post; None where it names none."""
    found = None if address is None else _IN_ADDRESS.search(address)
    return None if found is None else found.group(1)


def read_number(value: Any, field: str) -> str | None:
    """Return the number of a post, without its author's behind it (`314_15`).

    Raises
    ------
    FieldError
        If it is given and none. Floats are refused: they have lost digits.
    """
    if not is_given(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FieldError(field, "is not an Instagram id", value)
    if isinstance(value, int) and not 0 <= value <= _MAX_NUMBER:
        raise FieldError(field, "is not an Instagram id", str(value)[:40])
    found = _NUMBER.fullmatch(str(value).strip())
    if found is None or int(found.group(1)) > _MAX_NUMBER:
        raise FieldError(field, "is not an Instagram id", value)
    return found.group(1)


def moment_of(post_id: str) -> datetime:
    """Return when a post's id was given out, UTC.

    It is the moment of the upload: seconds before the post appears, but days where
    it was scheduled or kept as a draft.

    Raises
    ------
    FieldError
        If the number is too small to hold a time.
    """
    milliseconds = int(post_id) >> _TIME_SHIFT
    if not milliseconds:
        raise FieldError("id", "holds no time", post_id)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(microsecond=0)
