"""What decides a step's rows is part of its run_id: code that other steps share too."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from trendlab.errors import TrendlabError
from trendlab.steps.code_hash import PLUMBING, code_hash, read_texts
from trendlab.steps.order import STEPS
from trendlab.steps.step import Step

STEPS_ROOM = "trendlab.steps"


def imports_of(module: str) -> set[str]:
    """Modules that a module imports, in functions too, told by its syntax."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
            if node.module == STEPS_ROOM:
                found |= {f"{STEPS_ROOM}.{alias.name}" for alias in node.names}
    return found


def texts_of(step: Step) -> dict[str, str]:
    return read_texts((*step.modules, step.compute.__module__))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_module_of_steps_that_a_step_reaches_is_in_its_hash(step: Step) -> None:
    texts = texts_of(step)
    for module in texts:
        if module.startswith(f"{STEPS_ROOM}."):
            reached = {
                name
                for name in imports_of(module)
                if name == STEPS_ROOM or name.startswith(f"{STEPS_ROOM}.")
            }
            assert reached <= texts.keys() | PLUMBING


@pytest.mark.parametrize(
    ("step", "helper"),
    [
        ("influence", "share_series"),
        ("city_trends", "share_series"),
        ("trend_forecasts", "share_series"),
        ("trends", "tag"),
        ("signals", "event_inputs"),
        ("signals", "spans"),
        ("author_homes", "weeks"),
        ("match", "pseudonyms"),
    ],
)
def test_helpers_that_read_for_a_step_are_in_its_hash(step: str, helper: str) -> None:
    assert f"{STEPS_ROOM}.{helper}" in texts_of(STEPS[step])


def test_what_one_network_is_decides_what_is_matched_counted_and_ranked() -> None:
    for name in ("match", "activity", "influencers", "trend_event_evidence"):
        assert "trendlab.schemas.sources" in texts_of(STEPS[name])


def test_what_weekly_steps_share_with_signals_is_not_the_step_signals() -> None:
    """Else a word of evidence would rank the authors of all weeks anew."""
    for name in ("author_homes", "influencers", "trends", "styles", "city_sentiment"):
        assert f"{STEPS_ROOM}.signals" not in texts_of(STEPS[name])


def test_rooms_that_a_module_of_steps_imports_are_those_of_each_step() -> None:
    """One module holds sentiment and detection."""
    assert not any(
        name.startswith("trendlab.vision") for name in texts_of(STEPS["sentiment"])
    )
    assert "trendlab.text.sentiment" in texts_of(STEPS["sentiment"])


def test_plumbing_computes_nothing() -> None:
    """Types and trackers aside, it imports no room whose text decides rows."""
    rooms = ("trendlab.places.locate", "trendlab.signals", "trendlab.text")
    for module in PLUMBING:
        assert not any(name.startswith(rooms) for name in imports_of(module))


def test_the_hash_hangs_on_which_modules_are_read_and_not_on_their_order() -> None:
    one, other = "trendlab.steps.spans", "sql/lake/author_homes.sql"
    assert code_hash([one, other]) == code_hash([other, one])
    assert code_hash([one]) != code_hash([one, other])
    with pytest.raises(TrendlabError, match=r"not there: trendlab\.steps\.nowhere"):
        code_hash(["trendlab.steps.nowhere"])
