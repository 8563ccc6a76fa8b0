"""Hashes of texts, and of the code that decides what a step computes."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from trendlab.errors import TrendlabError
from trendlab.resources import bundled


def hash_of(*parts: str) -> str:
    """Hash texts, each kept apart from the next."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


# Rooms whose text decides results; the rest only carries rows about.
_FOLLOWED = re.compile(
    r"^\s*from (trendlab\.(?:places|signals|text|trackers|vision)[\w.]*) import",
    re.MULTILINE,
)


def code_hash(modules: Iterable[str]) -> str:
    """Hash the text of modules, of the modules they import, and of queries.

    Parameters
    ----------
    modules : iterable of str
        Modules by dotted name, queries by path (``sql/lake/activity.sql``). Imports
        are followed within the rooms that compute.
    """
    texts: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in texts:
            continue
        texts[name] = _text_of(name)
        if not name.startswith(("sql/", "trendlab.steps")):
            waiting += _FOLLOWED.findall(texts[name])
    return hash_of(*(part for name in sorted(texts) for part in (name, texts[name])))


@lru_cache
def _text_of(name: str) -> str:
    if name.startswith("sql/"):
        return (bundled("sql") / name.removeprefix("sql/")).read_text()
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise TrendlabError(f"step names a module that is not there: {name}")
    return Path(spec.origin).read_text()
