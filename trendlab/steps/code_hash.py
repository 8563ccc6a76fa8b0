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


# Rooms whose text decides results; the rest only carries rows about. Of the schemas one
# module decides too: what is one post and one author, where sources are of one network.
_ROOMS = re.compile(
    r"^\s*from (trendlab\."
    r"(?:(?:places|signals|text|trackers|vision)[\w.]*|schemas\.sources)) import",
    re.MULTILINE,
)
_STEPS = re.compile(r"^\s*from (trendlab\.steps\.\w+) import", re.MULTILINE)
# Modules of steps that run and describe steps and decide no row; what a run means has
# a version of its own (`engine.ENGINE_VERSION`).
PLUMBING = frozenset(
    f"trendlab.steps.{name}" for name in ("code_hash", "context", "engine", "step")
)


def code_hash(modules: Iterable[str]) -> str:
    """Hash the text of modules and queries, and of what they follow: `read_texts`."""
    texts = read_texts(modules)
    return hash_of(*(part for name in sorted(texts) for part in (name, texts[name])))


def read_texts(modules: Iterable[str]) -> dict[str, str]:
    """Read the texts that decide what a step computes, by module or path.

    Parameters
    ----------
    modules : iterable of str
        Modules by dotted name, queries by path (``sql/lake/activity.sql``).

    Returns
    -------
    dict of str to str
        Those, and what they import, directly or not: of a module of a room, modules
        of the rooms that compute; of a module of steps, other modules of steps but for
        `PLUMBING`. A module of steps may hold several steps, so the rooms that it
        imports are not followed: each step names its own.
    """
    texts: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in texts or name in PLUMBING:
            continue
        texts[name] = _text_of(name)
        if not name.startswith("sql/"):
            of_steps = name.startswith("trendlab.steps.")
            waiting += (_STEPS if of_steps else _ROOMS).findall(texts[name])
    return texts


@lru_cache
def _text_of(name: str) -> str:
    if name.startswith("sql/"):
        return (bundled("sql") / name.removeprefix("sql/")).read_text()
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise TrendlabError(f"step names a module that is not there: {name}")
    return Path(spec.origin).read_text()
