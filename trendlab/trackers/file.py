"""Reads the tracker file and says where it is wrong: file, line and field."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from trendlab.errors import TrackerFileError
from trendlab.trackers.alert_settings import (
    AlertRuleSettings,
    AlertSettings,
    QuietHours,
)
from trendlab.trackers.model import (
    AddedCity,
    Exclusion,
    MappingSpec,
    Tracker,
)

# A tracker file is written by hand; a larger one is a wrong path.
MAX_FILE_BYTES = 2_000_000
# Aliases can make a short file endless; no tracker file comes near these.
MAX_NODES = 200_000
MAX_DEPTH = 20


class _TrackerFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trackers: list[Tracker] = Field(min_length=1)
    mappings: dict[str, MappingSpec] = Field(default_factory=dict)


_FIELDS = {
    name
    for model in (
        _TrackerFile,
        Tracker,
        Exclusion,
        AlertSettings,
        AlertRuleSettings,
        QuietHours,
        AddedCity,
        MappingSpec,
    )
    for name in model.model_fields
} | {"from", "to"}


def load_trackers(path: Path) -> list[Tracker]:
    """Read and check a tracker file.

    Parameters
    ----------
    path : Path
        A YAML file with `trackers`, and `mappings` where files are imported.

    Returns
    -------
    list of Tracker
        In the file's order, each with the file's mappings.

    Raises
    ------
    TrackerFileError
        Names the file, and for each mistake its line and field.
    """
    content = _read_yaml(path)
    try:
        checked = _TrackerFile.model_validate(_plain(content, path))
    except ValidationError as error:
        raise TrackerFileError(_say(path, content, error)) from None
    _check_names(path, content, checked.trackers)
    return [
        tracker.model_copy(update={"mappings": checked.mappings})
        for tracker in checked.trackers
    ]


def _read_yaml(path: Path) -> CommentedMap:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise TrackerFileError(
                f"{path}: a tracker file has at most {MAX_FILE_BYTES:,} bytes, this "
                f"one has {size:,}; is it the right file?"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TrackerFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TrackerFileError(f"{path}:{line}: the file is not UTF-8") from None
    try:
        content = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        hint = ""
        if mark is not None and "#" in "".join(
            text.splitlines()[max(0, mark.line - 1) : mark.line + 1]
        ):
            hint = " (a bare # starts a comment: write hashtags without # or in quotes)"
        problem = (error.problem or "cannot be read").split("\n")[0]
        raise TrackerFileError(f"{where}: not YAML: {problem}{hint}") from None
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        first = str(error).split("\n", 1)[0]
        raise TrackerFileError(f"{path}: not YAML: {first}") from None
    if not isinstance(content, CommentedMap):
        raise TrackerFileError(
            f"{path}:1: expected `trackers:` with a list under it, got "
            f"{_kind_of(content)}"
        )
    return content


def _kind_of(content: object) -> str:
    if content is None:
        return "an empty file"
    return "a list" if isinstance(content, list) else f"{type(content).__name__}"


def _plain(content: Any, path: Path) -> Any:
    """Turn ruamel's containers into plain ones, keys into text.

    Aliases are written out, so what they add up to is bounded.
    """
    left = MAX_NODES

    def plain(node: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise TrackerFileError(
                f"{path}: with its aliases written out, the file holds more than "
                f"{MAX_NODES:,} values or is nested more than {MAX_DEPTH} deep"
            )
        if isinstance(node, dict):
            return {str(key): plain(value, depth + 1) for key, value in node.items()}
        if isinstance(node, list):
            return [plain(item, depth + 1) for item in node]
        return node

    return plain(content, 0)


def _say(path: Path, content: CommentedMap, error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        if _is_other_branch(item):
            continue
        line, field = _find(content, item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            wrong = str(item["loc"][-1])
            near = get_close_matches(wrong, _FIELDS, n=1)
            message = "there is no such field" + (
                f"; did you mean {near[0]}?" if near else ""
            )
        elif item["type"] == "missing":
            message = "is missing"
        elif item["type"] == "string_pattern_mismatch":
            pattern = item["ctx"]["pattern"]
            message = f"expected to match {pattern}, got {item['input']!r}"
        lines.append(f"{path}:{line}: {field}: {message}")
    return "\n".join(dict.fromkeys(lines))


def _is_other_branch(item: Any) -> bool:
    """Tell whether an error is of the form that was not meant.

    A city is an id or a description; only the form that was written is wrong.
    """
    is_described = isinstance(item["input"], dict)
    return "cities" in item["loc"] and (
        (item["type"] == "string_type" and is_described)
        or (item["type"] == "model_type" and not is_described)
    )


def _find(content: CommentedMap, location: tuple[int | str, ...]) -> tuple[int, str]:
    """Return line (from 1) and dotted name of a place in the file."""
    node: Any = content
    line = 0
    name = ""
    for position, step in enumerate(location):
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0]
            node = node[step]
            name = f"{name}.{step}" if name else str(step)
        elif isinstance(node, CommentedSeq) and isinstance(step, int):
            if step < len(node):
                line = node.lc.item(step)[0]
                node = node[step]
            name = f"{name}[{step}]"
        elif (
            position == len(location) - 1
            and isinstance(step, str)
            and (step in _FIELDS)
        ):
            # a field that is missing: the line of what should hold it
            name = f"{name}.{step}" if name else step
        # anything else is pydantic's name of a branch, not a place in the file
    return line + 1, name


def _check_names(path: Path, content: CommentedMap, trackers: list[Tracker]) -> None:
    seen: dict[str, int] = {}
    for index, tracker in enumerate(trackers):
        # a-b and a_b would share the sources that are bound to them
        if tracker.slug in seen:
            line, field = _find(content, ("trackers", index, "name"))
            raise TrackerFileError(
                f"{path}:{line}: {field}: {tracker.name!r} is already the name of "
                f"trackers[{seen[tracker.slug]}]"
            )
        seen[tracker.slug] = index
