"""YAML files that people write: read within bounds, with the line of each field."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from trendlab.errors import TrendlabError

# These files are written by hand; a larger one is a wrong path.
MAX_FILE_BYTES = 2_000_000
# Aliases can make a short file endless; no file by hand comes near these.
MAX_NODES = 200_000
MAX_DEPTH = 20


def read_lines(
    path: Path,
    *,
    what: str,
    wanted: str,
    comment_hint: str,
    error: type[TrendlabError],
) -> CommentedMap:
    """Read a YAML file that holds a mapping, keeping the line of every key.

    Parameters
    ----------
    path : Path
    what : str
        What the file is, with its article, for messages.
    wanted : str
        What its first line should hold.
    comment_hint : str
        Added to a syntax error near a ``#``; empty for none.
    error : type of TrendlabError
        Raised for what is wrong.

    Raises
    ------
    TrendlabError
        Of the type given: the file is too large, cannot be read, is not UTF-8, not
        YAML, or holds something else than a mapping.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise error(
                f"{path}: {what} has at most {MAX_FILE_BYTES:,} bytes, this "
                f"one has {size:,}; is it the right file?"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise error(f"{path}:{line}: the file is not UTF-8") from None
    try:
        content = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        hint = ""
        if (
            comment_hint
            and mark is not None
            and "#" in "".join(text.splitlines()[max(0, mark.line - 1) : mark.line + 1])
        ):
            hint = f" ({comment_hint})"
        told = (problem.problem or "cannot be read").split("\n")[0]
        raise error(f"{where}: not YAML: {told}{hint}") from None
    except (YAMLError, ValueError, TypeError, RecursionError) as problem:
        first = str(problem).split("\n", 1)[0]
        raise error(f"{path}: not YAML: {first}") from None
    if not isinstance(content, CommentedMap):
        raise error(f"{path}:1: expected {wanted}, got {_kind_of(content)}")
    return content


def _kind_of(content: object) -> str:
    if content is None:
        return "an empty file"
    return "a list" if isinstance(content, list) else f"{type(content).__name__}"


def write_out(content: Any, path: Path, error: type[TrendlabError]) -> Any:
    """Turn ruamel's containers into plain ones, keys into text.

    Aliases are written out, so what they add up to is bounded.

    Raises
    ------
    TrendlabError
        Of the type given, where the bounds are passed.
    """
    left = MAX_NODES

    def plain(node: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise error(
                f"{path}: with its aliases written out, the file holds more than "
                f"{MAX_NODES:,} values or is nested more than {MAX_DEPTH} deep"
            )
        if isinstance(node, dict):
            return {str(key): plain(value, depth + 1) for key, value in node.items()}
        if isinstance(node, list):
            return [plain(item, depth + 1) for item in node]
        return node

    return plain(content, 0)


def find_line(
    content: CommentedMap, location: tuple[int | str, ...], fields: Collection[str]
) -> tuple[int, str]:
    """Return line (from 1) and dotted name of a place in the file.

    Parameters
    ----------
    content : CommentedMap
        As `read_lines` gives it.
    location : tuple of int or str
        A pydantic location; names of union branches in it are passed over.
    fields : collection of str
        Names that may be missing from the file; such a field has the line of what
        should hold it.
    """
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
            position == len(location) - 1 and isinstance(step, str) and (step in fields)
        ):
            # a field that is missing: the line of what should hold it
            name = f"{name}.{step}" if name else step
        # anything else is pydantic's name of a branch, not a place in the file
    return line + 1, name
