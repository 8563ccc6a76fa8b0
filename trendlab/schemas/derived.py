"""Tables that describe single posts: matching, text, garments, looks, reviews."""

from __future__ import annotations

from trendlab.schemas.core import (
    DAY,
    MODEL_NAME,
    MODEL_VERSION,
    RUN_ID,
    SOURCE,
    TRACKER,
    VECTOR,
    Column,
    Table,
    count,
    flag,
    moment,
    number,
    share,
    text,
)

TRACKER_POSTS = Table(
    name="tracker_posts",
    doc="Which posts belong to which tracker, where they are from and whether a rule "
    "excludes them; one row per tracker and post. `day` is the day in the tracker's "
    "time zone. The tracker 'all' holds every matched post once.",
    columns=(
        DAY,
        TRACKER,
        SOURCE,
        text("post_id", "post that matched"),
        moment("created_at", "when the post was made"),
        text("author_id", "author's id; NULL when unknown", nullable=True),
        text("city", "id of a monitored city, or 'unknown'"),
        text(
            "city_source",
            "what the city was told from",
            allowed=("coordinates", "place_name", "profile", "none"),
        ),
        share("city_confidence", "how sure the city is"),
        text("matched_by", "query term that matched, for example #outfit"),
        flag("is_excluded", "true when an exclusion rule drops the post"),
        text("excluded_by", "name of that rule", nullable=True),
        RUN_ID,
    ),
    key=("tracker", "source", "post_id"),
    in_warehouse=True,
)

SENTIMENT = Table(
    name="sentiment",
    doc="Language and sentiment of posts and comments: VADER, and a classifier of "
    "negative texts beside it; one row per text.",
    columns=(
        DAY,
        SOURCE,
        text("item_kind", "what was scored", allowed=("post", "comment")),
        text("item_id", "post_id or comment_id"),
        text("post_id", "the post, or the post commented on"),
        text("language", "ISO 639-1 code, or 'und' when it cannot be told"),
        share("language_confidence", "how sure the language is"),
        flag("is_scored", "true when the text is English and has words"),
        number("compound", "VADER compound", nullable=True, minimum=-1, maximum=1),
        share("positive", "VADER pos", nullable=True),
        share("negative", "VADER neg", nullable=True),
        share("neutral", "VADER neu", nullable=True),
        text(
            "label",
            "negative ≤ −0.05, positive ≥ 0.05; NULL when not scored. With "
            "TRENDLAB_SENTIMENT=complaints the classifier says what is negative",
            nullable=True,
            allowed=("negative", "neutral", "positive"),
        ),
        share(
            "negative_probability",
            "chance of being negative by the classifier beside VADER",
            nullable=True,
        ),
        MODEL_NAME,
        MODEL_VERSION,
        RUN_ID,
    ),
    key=("source", "item_kind", "item_id"),
    in_warehouse=True,
    not_in_warehouse=("language_confidence", "positive", "negative", "neutral"),
)

GARMENTS = Table(
    name="garments",
    doc="Garments found in photos; one row per photo and garment.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        count("garment_index", "garment within the photo, by falling score"),
        count("look_index", "look that the garment belongs to"),
        count("category_id", "class number in the model card"),
        text("category", "garment class"),
        share("score", "confidence of the detector"),
        number("x_px", "left edge, pixels", minimum=0),
        number("y_px", "top edge, pixels", minimum=0),
        number("width_px", "width, pixels", minimum=0),
        number("height_px", "height, pixels", minimum=0),
        count("image_width_px", "width of the photo, pixels"),
        count("image_height_px", "height of the photo, pixels"),
        MODEL_NAME,
        MODEL_VERSION,
        RUN_ID,
    ),
    key=("source", "post_id", "media_index", "garment_index", "model_name"),
    partition=("day", "source"),
)

GARMENT_TAGS = Table(
    name="garment_tags",
    doc="Attributes of garments; one row per garment, attribute and value.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        count("garment_index", "garment within the photo"),
        text("category", "garment class"),
        text(
            "attribute",
            "which attribute",
            allowed=("colour", "fine_category", "pattern", "sleeve", "length"),
        ),
        text("value", "value of the attribute, for example red"),
        count("value_rank", "0 for the main value"),
        share("value_share", "share of the garment's pixels, or confidence"),
        number("lab_l", "CIE L*, D65, for colours", nullable=True),
        number("lab_a", "CIE a*, for colours", nullable=True),
        number("lab_b", "CIE b*, for colours", nullable=True),
        MODEL_NAME,
        MODEL_VERSION,
        RUN_ID,
    ),
    key=("source", "post_id", "media_index", "garment_index", "attribute", "value"),
    partition=("day", "source"),
)

LOOKS = Table(
    name="looks",
    doc="A person, or a photo where no person is told, with the garments on them; "
    "one row per photo and look. The warehouse holds those with a vector.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        count("look_index", "look within the photo"),
        text("look_kind", "what the look is", allowed=("person", "photo", "simulated")),
        count("garments_count", "garments in the look"),
        text("style", "planted or discovered style", nullable=True),
        Column("vector", VECTOR, "appearance, 128 floats, unit length", nullable=True),
        flag("is_duplicate", "true for a near-copy of an earlier photo of the day"),
        text(
            "photo_hash",
            "perceptual hash of the photo, 16 hexadecimal digits: copies differ in "
            "few of its 64 bits",
            nullable=True,
        ),
        share("person_score", "confidence of the person's box", nullable=True),
        text(
            "people_model",
            "name and version of the model that found the person",
            nullable=True,
        ),
        MODEL_NAME,
        MODEL_VERSION,
        RUN_ID,
    ),
    key=("source", "post_id", "media_index", "look_index", "model_name"),
    partition=("day", "source"),
    in_warehouse=True,
    not_in_warehouse=("style", "photo_hash"),
)

VISION_FAILURES = Table(
    name="vision_failures",
    doc="Photos that could not be used; one row per photo.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        text("reason", "short reason, fit for grouping"),
        RUN_ID,
    ),
    key=("source", "post_id", "media_index"),
    partition=("day", "source"),
    in_warehouse=True,
)

REVIEWS = Table(
    name="reviews",
    doc="What people said of predictions; one row per garment and reviewer. `day` "
    "is the day of the review.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        count("garment_index", "garment within the photo"),
        text("category", "predicted class"),
        text(
            "verdict",
            "what the reviewer said",
            allowed=("correct", "wrong_category", "wrong_box", "not_a_garment"),
        ),
        text("corrected_category", "class the reviewer gave", nullable=True),
        share("score", "confidence of the detector"),
        text(
            "selected_by",
            "why it was shown",
            allowed=("uncertain", "disagreement", "alert", "random"),
        ),
        share("inclusion_probability", "chance of being shown", nullable=True),
        text("reviewer", "who said so"),
        moment("reviewed_at", "when"),
        MODEL_NAME,
        MODEL_VERSION,
    ),
    key=("source", "post_id", "media_index", "garment_index", "reviewer"),
    in_warehouse=True,
)

TEXT_REVIEWS = Table(
    name="text_reviews",
    doc="What people said of the sentiment of posts, without seeing the score; one row "
    "per post and reviewer. `day` is the day of the post.",
    columns=(
        DAY,
        SOURCE,
        text("item_id", "post_id"),
        text(
            "predicted_label",
            "what the model said",
            allowed=("negative", "neutral", "positive"),
        ),
        text(
            "verdict",
            "what the reviewer said",
            allowed=("negative", "neutral", "positive"),
        ),
        share("inclusion_probability", "chance of being drawn"),
        text("reviewer", "who said so"),
        moment("reviewed_at", "when the verdicts were read"),
        MODEL_NAME,
        MODEL_VERSION,
    ),
    key=("source", "item_id", "reviewer"),
    in_warehouse=True,
)

DERIVED = (
    TRACKER_POSTS,
    SENTIMENT,
    GARMENTS,
    GARMENT_TAGS,
    LOOKS,
    VISION_FAILURES,
    REVIEWS,
    TEXT_REVIEWS,
)
