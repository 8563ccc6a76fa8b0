"""Zeeschuimer's NDJSON: what a browser was shown of Instagram, a post a line.

Around each post stand `source_platform`, `timestamp_collected` (milliseconds) and
where it was seen; in `data` is Instagram's own object, in one of its shapes. 4CAT
keeps the same object with what stood around it in `__import_meta`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import (
    Accepted,
    FieldError,
    Page,
    Parsed,
    Refused,
    Row,
)
from trendlab.sources.fields import is_given, read_moment
from trendlab.sources.file_source import FileSource
from trendlab.sources.instagram_comments import STRIDE, parse_comments
from trendlab.sources.instagram_items import comments_in, read_post
from trendlab.sources.members import Head, Member
from trendlab.sources.readers import json_line_pages
from trendlab.sources.received import object_of
from trendlab.sources.shapes import as_object

AROUND = "__import_meta"
_KEYS = ("source_platform", "timestamp_collected", "data")
_PLATFORMS = ("instagram.com", "instagram", "www.instagram.com")
# Lists that are handed on as they come have the post one or two levels down.
_WRAPPERS = ("node", "media")


def recognise_zeeschuimer(head: Head) -> bool:
    """Tell whether a file is Zeeschuimer's, from its first line."""
    first = head.first_value
    if isinstance(first, dict):
        return head.is_json_lines and all(key in first for key in _KEYS)
    # a first line longer than what is looked at
    text = head.text or ""
    return head.is_json_lines and all(f'"{key}"' in text for key in _KEYS)


def recognise_fourcat(head: Head) -> bool:
    """Tell whether a file is NDJSON of 4CAT, from its first line."""
    first = head.first_value
    if isinstance(first, dict):
        return head.is_json_lines and AROUND in first
    return head.is_json_lines and f'"{AROUND}"' in (head.text or "")


class CapturedItems(FileSource):
    """Instagram's own objects, one a line.

    Parameters
    ----------
    name_of_format : {"zeeschuimer", "4cat_ndjson"}
        Both are read alike; a file may hold lines of both.
    """

    name = "instagram"

    def __init__(self, name_of_format: str) -> None:
        self.format = name_of_format

    def payloads(self, member: Member) -> Iterator[tuple[int, Any]]:
        """Yield pages of lines."""
        yield from json_line_pages(member, Head(member))

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn each line into a post, and its comments into records of their own."""
        for number, line in enumerate(page.payload, page.first_number):
            item = object_of(line, number)
            if isinstance(item, Refused):
                yield item
                continue
            try:
                node, observed_at = _opened(item, page.observed_at)
                post = read_post(node)
                yield Accepted(post.rows(observed_at), number, line)
            except FieldError as bad:
                yield bad.refused(number, line)
                continue
            comments = comments_in(node)
            if comments:
                first = number * STRIDE + 1
                yield from parse_comments(comments, post.post_id, observed_at, first)


def _opened(item: Row, modified_at: datetime) -> tuple[Row, datetime]:
    """Return Instagram's object, and when it was collected."""
    if AROUND in item:
        around, node = as_object(item[AROUND], AROUND), item
    else:
        around, node = item, as_object(item.get("data"), "data")
    platform = around.get("source_platform")
    if is_given(platform) and platform not in _PLATFORMS:
        raise FieldError("source_platform", "is not instagram.com", platform)
    for name in _WRAPPERS:
        inner = node.get(name)
        if isinstance(inner, dict) and "id" not in node and "code" not in node:
            node = inner
    collected = around.get("timestamp_collected")
    observed_at = (
        read_moment(collected, "timestamp_collected")
        if is_given(collected)
        else modified_at
    )
    return node, observed_at
