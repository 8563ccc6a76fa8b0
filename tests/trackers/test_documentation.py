"""The examples in the documents load, and every field is described."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.builders import post_row, table
from trendlab.lake import Lake
from trendlab.sources.archives import ARCHIVES
from trendlab.sources.files import FORMATS
from trendlab.sources.known_mappings import KNOWN_MAPPINGS
from trendlab.sources.photo_list import LISTED
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
SOURCE_PAGES = {page.stem: page.read_text() for page in (DOCS / "sources").glob("*.md")}


EXAMPLES = [
    (page.relative_to(DOCS.parent).as_posix(), example)
    for page in [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
    for example in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    if re.search("^(trackers|mappings):", example, re.MULTILINE)
]


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_an_example_of_a_tracker_file_loads_as_it_stands(
    tmp_path: Path, page: str, example: str
):
    path = tmp_path / "trackers.yml"
    path.write_text(example)

    assert load_trackers(path)


def test_the_pages_that_show_tracker_files_are_found():
    assert {page for page, _ in EXAMPLES} >= {
        "docs/alerts.md",
        "docs/sources.md",
        "docs/sources/mastodon.md",
        "docs/trackers.md",
    }


def test_the_preview_in_python_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (snippet,) = re.findall(r"```python\n(.*?)```", TRACKERS, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "data"
    home.mkdir()
    (home / "trackers.yml").write_text(
        "trackers:\n  - name: coats\n    keywords: [coat]\n    exclusions:\n"
        "      - {reason: giveaways, hashtags: [win]}\n"
    )
    day = date(2026, 1, 5)
    posts = [
        post_row(day=day, post_id="1", caption="a coat", hashtags=[]),
        post_row(day=day, post_id="2", caption="a coat to #win", hashtags=["win"]),
    ]
    Lake(home / "lake").write("posts", day, table("posts", posts), source="test")

    exec(snippet, {})

    assert capsys.readouterr().out == "giveaways 1 0.5 1\n"


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


def test_every_archive_has_a_page_and_is_listed_with_the_sources():
    for name in ARCHIVES.keys() - {"instagram_profiles"}:
        page = name.split("_")[0]
        assert f"`{name}`" in SOURCE_PAGES[page], name
        assert f"({page}.md)" in SOURCE_PAGES["archives"], name
        assert f"`{name}`" in SOURCES, name
