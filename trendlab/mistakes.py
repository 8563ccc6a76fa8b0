"""Words for what pydantic finds wrong in files that people write or bring."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# More say no more than that it is the wrong file.
SHOWN_MISTAKES = 5
SHOWN_CHARACTERS = 60


def tell_mistake(found: ErrorDetails, fields: Collection[str] = ()) -> str:
    """Say what is wrong with a field: what was wanted, and what stands there.

    Parameters
    ----------
    found : dict
        One of `ValidationError.errors`.
    fields : collection of str
        Names that a field may have, to tell which one was meant.
    """
    kind = found["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        near = get_close_matches(str(found["loc"][-1]), fields, n=1)
        return "there is no such field" + (f"; did you mean {near[0]}?" if near else "")
    if kind in ("value_error", "json_invalid"):
        # our own messages say what came; text that is no JSON says nothing
        return found["msg"].removeprefix("Value error, ")
    wanted = found["msg"]
    if kind == "string_pattern_mismatch":
        wanted = f"expected to match {found['ctx']['pattern']}"
    return f"{wanted}, got {found['input']!r:.{SHOWN_CHARACTERS}}"


def tell_mistakes(error: ValidationError, fields: Collection[str] = ()) -> str:
    """Say what is wrong in a file without lines, such as JSON: the first few fields.

    Parameters
    ----------
    error : ValidationError
    fields : collection of str
        As `tell_mistake` takes them.
    """
    found = error.errors(include_url=False)
    told = [
        f"{'.'.join(map(str, one['loc'])) or 'the file'}: {tell_mistake(one, fields)}"
        for one in found[:SHOWN_MISTAKES]
    ]
    if len(found) > SHOWN_MISTAKES:
        told.append(f"and {len(found) - SHOWN_MISTAKES} more")
    return "; ".join(told)
