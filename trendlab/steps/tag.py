"""The step that names attributes of garments, by our models and the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.code_hash import hash_of
from trendlab.steps.describe import (
    detector_key,
    outdated_sources,
    split_by_source,
    stored_media,
)
from trendlab.steps.step import BySource, Context, Input, Parts, Step
from trendlab.vision.attribute_model import AttributeModel
from trendlab.vision.detect import Device, choose_device


def open_attribute_models(settings: Settings) -> list[AttributeModel]:
    """Load the models that tell attributes, in the order of asking; ours comes last.

    Raises
    ------
    SettingsError
        If a setting names what is not there.
    ModelError
        If a model cannot be used.
    """
    from trendlab.vision.models import DEFAULT_LENGTHS, load_card
    from trendlab.vision.trained import TrainedAttributes

    models: list[AttributeModel] = []
    if settings.attributes is not None:
        models.append(TrainedAttributes(load_card(settings.attributes)))
    if settings.clip is not None:
        from trendlab.vision.clip import hash_model

        folder = settings.clip
        models.append(
            _open_zero_shot(
                folder, hash_model(folder), settings.clip_attributes, settings.device
            )
        )
    return [*models, TrainedAttributes(load_card(DEFAULT_LENGTHS))]


@lru_cache(maxsize=1)
def _open_zero_shot(
    folder: Path, version: str, attributes: tuple[str, ...], device: Device
) -> AttributeModel:
    """Load a CLIP model once a process and version of its files."""
    from trendlab.vision.attribute_words import choose_questions
    from trendlab.vision.models import DEFAULT_TAGGER, load_card
    from trendlab.vision.zero_shot import load_zero_shot

    questions = choose_questions(attributes, load_card(DEFAULT_TAGGER).labels)
    return load_zero_shot(folder, questions, choose_device(device))


def told_values(settings: Settings) -> dict[str, set[str]]:
    """Return the values that the models of the settings can tell, by attribute.

    Nothing is loaded but cards and questions: what a model can tell does not depend
    on what it told so far.
    """
    from trendlab.vision.attribute_model import FINE_CATEGORY
    from trendlab.vision.attribute_words import choose_questions
    from trendlab.vision.models import DEFAULT_LENGTHS, DEFAULT_TAGGER, load_card

    fine = load_card(DEFAULT_TAGGER).labels
    told = {FINE_CATEGORY: {value for values in fine.values() for value in values}}
    for name in (settings.attributes, DEFAULT_LENGTHS):
        if name is not None:
            for attribute, classes in load_card(name).applies_to.items():
                values = {value for some in classes.values() for value in some}
                told.setdefault(attribute, set()).update(values)
    if settings.clip is not None:
        for question in choose_questions(settings.clip_attributes, fine):
            told.setdefault(question.attribute, set()).update(question.phrases)
    return told


def tagger_key(context: Context) -> str:
    """Return the checksums of all models that tell attributes, and what they tell."""
    from trendlab.vision.models import DEFAULT_LENGTHS, DEFAULT_TAGGER, load_card

    parts = [load_card(DEFAULT_TAGGER).key, detector_key(context)]
    settings = context.settings
    for name in (settings.attributes, DEFAULT_LENGTHS):
        if name is not None:
            card = load_card(name)
            told = card.model_dump_json(include={"labels", "applies_to"})
            parts += ["attributes", card.key, told]
    if settings.clip is not None:
        from trendlab.vision.clip import hash_model

        parts += ["clip", hash_model(settings.clip), *settings.clip_attributes]
    return hash_of(*parts)


def _tag(context: Context, days: Sequence[date], run_ids: Mapping[date, str]) -> Parts:
    tags: dict[date, pa.Table | BySource] = {}
    for day in days:
        sources = outdated_sources(context, "garments", day)
        gone = outdated_sources(context, "garment_tags", day)
        tagged = TABLES["garment_tags"].empty()
        if sources:
            from trendlab.vision.attributes import tag_garments

            garments = context.lake.read("garments", day)
            tagged = tag_garments(
                garments.filter(pc.not_equal(garments["model_name"], "simulated")),
                stored_media(context, day),
                home=context.home,
                run_id=run_ids[day],
                models=open_attribute_models(context.settings),
                device=context.settings.device,
                workers=context.settings.workers,
            )
        tags[day] = split_by_source(tagged, sources | gone)
    return {"garment_tags": tags}


TAG = Step(
    name="tag",
    modules=(
        "trendlab.vision.attributes",
        "trendlab.vision.trained",
        "trendlab.vision.zero_shot",
    ),
    outputs=("garment_tags",),
    inputs=lambda context, day: [
        Input("garments", day, day),
        Input("media", day, day),
    ],
    compute=_tag,
    settings_key=tagger_key,
)
