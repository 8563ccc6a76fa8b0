"""Reads the tracker file and says where it is wrong: file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.comments import CommentedMap

from trendlab.errors import TrackerFileError
from trendlab.mistakes import tell_mistake
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
from trendlab.yaml_lines import find_line, read_lines, write_out


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
        checked = _TrackerFile.model_validate(
            write_out(content, path, TrackerFileError)
        )
    except ValidationError as error:
        raise TrackerFileError(_say(path, content, error)) from None
    _check_names(path, content, checked.trackers)
    return [
        tracker.model_copy(update={"mappings": checked.mappings})
        for tracker in checked.trackers
    ]


def _read_yaml(path: Path) -> CommentedMap:
    return read_lines(
        path,
        what="a tracker file",
        wanted="`trackers:` with a list under it",
        comment_hint="a bare # starts a comment: write hashtags without # or in quotes",
        error=TrackerFileError,
    )


def _say(path: Path, content: CommentedMap, error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        if _is_other_branch(item):
            continue
        line, field = find_line(content, item["loc"], _FIELDS)
        lines.append(f"{path}:{line}: {field}: {tell_mistake(item, _FIELDS)}")
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


def _check_names(path: Path, content: CommentedMap, trackers: list[Tracker]) -> None:
    seen: dict[str, int] = {}
    for index, tracker in enumerate(trackers):
        # a-b and a_b would share the sources that are bound to them
        if tracker.slug in seen:
            line, field = find_line(content, ("trackers", index, "name"), _FIELDS)
            raise TrackerFileError(
                f"{path}:{line}: {field}: {tracker.name!r} is already the name of "
                f"trackers[{seen[tracker.slug]}]"
            )
        seen[tracker.slug] = index
