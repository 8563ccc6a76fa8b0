"""A CLIP model of the user's tells patterns, and weekly shares count them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra zero-shot")

from tests.builders import media_row, table
from tests.vision.conftest import write_photo
from tests.vision.tiny_clip import write_clip
from trendlab.errors import ModelError, SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings, read_settings
from trendlab.steps.doctor import examine
from trendlab.steps.step import Context
from trendlab.steps.tag import TAG, open_attribute_models, tagger_key, told_values
from trendlab.steps.weekly import TRENDS

MONDAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def context(tmp_path: Path, clip: Path) -> Context:
    """One post with a photo, in which a detector found a skirt and a bag."""
    lake = Lake(tmp_path / "lake")
    photo = write_photo(tmp_path / "photo.png")
    at = {"day": MONDAY, "source": "net", "post_id": "p", "model_name": "garments"}
    box = {"x_px": 8, "y_px": 20, "width_px": 60, "height_px": 90}
    media = {"day": MONDAY, "source": "net", "post_id": "p", "path": str(photo)}
    found = [
        {**at, **box, "garment_index": 0, "category": "skirt"},
        {**at, **box, "garment_index": 1, "category": "bag"},
    ]
    matched = {**at, "tracker": "denim", "city": "paris", "created_at": NOON}
    del matched["model_name"]
    with lake.lock():
        for name, rows in {
            "media": [media_row(**media, media_index=0, status="stored")],
            "garments": found,
            "looks": [{**at, "look_kind": "photo"}],
        }.items():
            lake.write(name, MONDAY, table(name, rows), source="net")
        lake.write("tracker_posts", MONDAY, table("tracker_posts", [matched]))
    return Context(
        settings=Settings(
            home=tmp_path, clip=clip, clip_attributes=("pattern",), device="cpu"
        ),
        lake=lake,
        trackers=[],
        cities=TABLES["cities"].empty(),
        clock=lambda: NOON,
    )


def test_patterns_and_lengths_reach_garment_tags_and_weekly_shares(
    context: Context,
) -> None:
    runs = {MONDAY: "r"}
    tags = TAG.compute(context, [MONDAY], runs)["garment_tags"][MONDAY]["net"]
    with context.lake.lock():
        context.lake.write("garment_tags", MONDAY, tags, source="net")
    rows = tags.to_pylist()
    [pattern] = [row for row in rows if row["attribute"] == "pattern"]
    assert (pattern["garment_index"], pattern["model_name"]) == (0, "clip-tiny")
    assert 0.5 <= pattern["value_share"] <= 1
    assert not [row for row in rows if row["attribute"] == "sleeve"]
    # what the CLIP model is not asked, the shipped model tells
    [length] = [row for row in rows if row["attribute"] == "length"]
    assert (length["garment_index"], length["model_name"]) == (0, "garment-lengths")
    assert length["value"] in ("above knee", "below knee")
    again = TAG.compute(context, [MONDAY], runs)["garment_tags"][MONDAY]["net"]
    assert again.equals(tags)
    weeks = TRENDS.compute(context, [MONDAY], runs)["city_weeks"][MONDAY].to_pylist()
    patterns = [row for row in weeks if row["kind"] == "pattern"]
    assert {row["looks_count"] for row in patterns} == {1}
    worn = [row for row in patterns if row["looks_with_count"]]
    assert {(row["city"], row["value"]) for row in worn} == {
        ("paris", pattern["value"]),
        ("all", pattern["value"]),
    }
    # the patterns that the model can tell, and nobody wore, are 0
    told = told_values(context.settings)["pattern"]
    assert {row["value"] for row in patterns if row["city"] == "paris"} == told
    assert len(told) > 1
    lengths = [row for row in weeks if row["kind"] == "length"]
    assert [
        (row["value"], row["looks_count"])
        for row in lengths
        if row["looks_with_count"] and row["city"] == "paris"
    ] == [(length["value"], 1)]
    assert {"above knee", "below knee", "cropped", "long"} == {
        row["value"] for row in lengths
    }


def test_a_day_is_tagged_anew_when_the_model_or_the_questions_change(
    context: Context, clip: Path, tmp_path: Path
) -> None:
    def key(**more: object) -> str:
        settings = context.settings.model_copy(update=more)
        return tagger_key(dataclasses.replace(context, settings=settings))

    other = write_clip(tmp_path / "tiny", seed=1)
    keys = [
        key(),
        key(clip=None),
        key(clip=other),
        key(clip_attributes=("pattern", "fine_category")),
    ]
    assert len(set(keys)) == 4
    assert key() == keys[0]


def test_without_settings_only_the_shipped_model_is_asked_and_else_it_comes_last(
    context: Context,
) -> None:
    [shipped] = open_attribute_models(Settings(home=context.home))
    assert (shipped.name, set(shipped.applies_to)) == (
        "garment-lengths",
        {"sleeve", "length"},
    )
    names = [one.name for one in open_attribute_models(context.settings)]
    assert names == ["clip-tiny", "garment-lengths"]


def test_an_attribute_without_a_question_is_a_wrong_setting(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRENDLAB_CLIP", str(context.settings.clip))
    monkeypatch.setenv("TRENDLAB_CLIP_ATTRIBUTES", "pattern collar")
    with pytest.raises(SettingsError, match="got 'collar'"):
        open_attribute_models(read_settings(context.home))


def test_doctor_tells_whether_the_model_is_set_and_loads(
    context: Context, tmp_path: Path
) -> None:
    def told(**more: object) -> tuple[bool, str]:
        checks = examine(context.settings.model_copy(update=more))
        [check] = [check for check in checks if check.name == "zero-shot"]
        return check.is_well, check.told

    assert told(clip=None) == (True, "off (TRENDLAB_CLIP names no model)")
    is_well, line = told()
    assert is_well
    assert line.startswith("clip-tiny ")
    assert line.endswith(" loads; tells pattern")
    is_well, line = told(clip=tmp_path / "nowhere")
    assert not is_well
    assert "found none" in line


def test_a_model_that_does_not_load_fails_the_step(
    context: Context, tmp_path: Path
) -> None:
    wrong = tmp_path / "pickled"
    wrong.mkdir()
    (wrong / "pytorch_model.bin").write_bytes(b"")
    broken = context.settings.model_copy(update={"clip": wrong})
    with pytest.raises(ModelError, match="pickles"):
        TAG.compute(
            dataclasses.replace(context, settings=broken), [MONDAY], {MONDAY: "r"}
        )
