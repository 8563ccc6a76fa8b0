"""Records of a service in which something is anything, for Hypothesis."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st


def anything(*keys: str) -> st.SearchStrategy[Any]:
    """Return small JSON values of any shape; `keys` are those that parsers look at."""
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(["", "https://x.example/a.jpg", "\ud800", "0", "-1"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(keys), inner, max_size=3)
        ),
        max_leaves=8,
    )


@st.composite
def disturbed(draw: st.DrawFn, sample: dict, other: st.SearchStrategy[Any]) -> Any:
    """Draw a real record in which one to three values are anything."""
    record = json.loads(json.dumps(sample))
    for _ in range(draw(st.integers(1, 3))):
        at: dict = record
        while True:
            key = draw(st.sampled_from(sorted(at)))
            inner = at[key]
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                inner = inner[0]
            if not isinstance(inner, dict) or not inner or draw(st.booleans()):
                break
            at = inner
        at[key] = draw(other)
    return record
