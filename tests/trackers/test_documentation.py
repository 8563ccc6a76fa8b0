"""The examples in the documents load, and every field is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trendlab.sources.archives import ARCHIVES
from trendlab.sources.files import FORMATS
from trendlab.sources.known_mappings import KNOWN_MAPPINGS
from trendlab.sources.photo_folder import LISTED
from trendlab.trackers import (
    AddedCity,
    Exclusion,
    MappingSpec,
    Tracker,
    load_trackers,
)
from trendlab.trackers.model import COMMENT_TARGETS, POST_TARGETS

DOCS = Path(__file__).parents[2] / "docs"
TRACKERS = (DOCS / "trackers.md").read_text()
SOURCES = (DOCS / "sources.md").read_text()
ARCHIVES_PAGE = (DOCS / "sources" / "archives.md").read_text()


@pytest.mark.parametrize("text", [TRACKERS, SOURCES], ids=["trackers", "sources"])
def test_the_examples_load(tmp_path: Path, text: str):
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert examples
    for example in examples:
        path = tmp_path / "trackers.yml"
        path.write_text(example)
        assert load_trackers(path)


def test_every_field_of_a_tracker_is_described():
    for model in (Tracker, Exclusion, AddedCity):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in TRACKERS, name


def test_every_setting_and_target_of_a_mapping_is_described():
    for name in (*MappingSpec.model_fields, *POST_TARGETS, *COMMENT_TARGETS):
        assert f"`{name}`" in SOURCES, name


def test_every_format_mapping_and_listed_column_is_described():
    for mapping in KNOWN_MAPPINGS:
        assert f"`{mapping}`" in SOURCES
    for names in LISTED.columns.values():
        assert any(f"`{name}`" in SOURCES for name in names), names
    assert {"photo", "csv"} <= set(FORMATS)


def test_every_archive_has_a_section_and_is_listed_with_the_sources():
    for name in ARCHIVES.keys() - {"instagram_profiles"}:
        assert f"`{name}`" in ARCHIVES_PAGE, name
        assert f"`{name}`" in SOURCES, name
