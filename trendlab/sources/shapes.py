"""The outer shape of a received record: objects, lists, what must be there."""

from __future__ import annotations

from typing import Any

from trendlab.sources.base import FieldError, Row


def as_object(value: Any, field: str) -> Row:
    """Return a JSON object.

    Raises
    ------
    FieldError
        If it is none.
    """
    if not isinstance(value, dict):
        raise FieldError(field, "is not an object", value)
    return value


def as_objects(value: Any, field: str) -> list[Row]:
    """Return a list of JSON objects, an empty one where it is not given.

    Raises
    ------
    FieldError
        If it is none.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise FieldError(field, "is not a list of objects", value)
    return value


def needed(value: str | None, field: str) -> str:
    """Return a text that a record cannot do without.

    Raises
    ------
    FieldError
        If it is not given.
    """
    if value is None:
        raise FieldError(field, "is missing")
    return value


def object_or_empty(value: Any) -> Row:
    """Return a JSON object, an empty one in place of anything else.

    For what a record can do without.
    """
    return value if isinstance(value, dict) else {}
