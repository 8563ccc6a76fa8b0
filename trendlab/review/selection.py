"""Chooses photos to check: doubtful ones to learn from, random ones to measure by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES

Floats = npt.NDArray[np.float64]

# Parts of a review set, among those that can be drawn. Disagreement of models (20 %)
# is not drawn yet: it needs two detectors.
PARTS = {"uncertain": 0.4, "alert": 0.2, "random": 0.2}
# The score at which a detection is as likely wrong as right, were scores calibrated.
DOUBT_SCORE = 0.5
# Photos that each class can expect among the random ones, as far as their number
# allows: a precision from fewer than ten tells nothing.
CLASS_FLOOR = 10
SIMULATED = "simulated"

_PHOTO = ["source", "post_id", "media_index"]
SELECTION = pa.schema(
    [
        *(TABLES["media"].arrow.field(name) for name in (*_PHOTO, "path")),
        *(
            TABLES["garments"].arrow.field(name)
            for name in (
                "garment_index", "category", "score", "x_px", "y_px", "width_px",
                "height_px", "image_width_px", "image_height_px", "model_name",
                "model_version",
            )
        ),
        TABLES["reviews"].arrow.field("selected_by"),
        TABLES["reviews"].arrow.field("inclusion_probability"),
    ]
)  # fmt: skip


def select_for_review(
    garments: pa.Table,
    media: pa.Table,
    reviews: pa.Table,
    *,
    looks: pa.Table | None = None,
    alert_posts: pa.Table | None = None,
    rng: np.random.Generator,
    size: int,
) -> pa.Table:
    """Choose photos for people to check.

    Parameters
    ----------
    garments : pyarrow.Table
        Schema `garments`; drawn ones (model 'simulated') are left out.
    media : pyarrow.Table
        Schema `media`; photos whose bytes are stored.
    reviews : pyarrow.Table
        Schema `reviews`; photos that somebody has checked are left out.
    looks : pyarrow.Table or None
        Schema `looks`; near-copies of earlier photos are left out.
    alert_posts : pyarrow.Table or None
        source, post_id of the posts inside open alerts.
    rng : numpy.random.Generator
    size : int
        Photos to choose.

    Returns
    -------
    pyarrow.Table
        Schema `SELECTION`, one row per garment of a chosen photo, sorted by photo
        and garment.

    Notes
    -----
    A quarter of the photos are random, a quarter are from alerts (where there are
    any) and the rest, at least half, are doubtful: they hold the detections with
    the score nearest to 0.5 of their class, class after class in turn.

    Random photos are drawn first, from all, with unequal and known probabilities:
    a photo with a rare class is likelier, so that each class can expect 10 photos
    (or its part of them, where fewer are drawn). Weighting a verdict by 1 /
    `inclusion_probability` gives unbiased estimates (Horvitz & Thompson 1952); the
    other photos have no probability and must stay out of such estimates.

    Photos that hold no detection are not drawn: precision is measured, not recall.
    """
    boxes = _eligible(garments, media, reviews, looks)
    photos = boxes.select(_PHOTO).unique().sort(_PHOTO).with_row_index("photo")
    if photos.is_empty() or size < 1:
        return SELECTION.empty_table()
    boxes = boxes.join(photos, on=_PHOTO)
    in_alert = _alert_photos(photos, alert_posts)
    quota = _quotas(min(size, photos.height), has_alerts=bool(in_alert.size))
    probability = _inclusion_probabilities(boxes, photos.height, quota["random"])
    chosen = _draw(probability, rng)
    picked = {int(photo): "random" for photo in chosen}
    others = [int(p) for p in rng.permutation(in_alert) if int(p) not in picked]
    picked |= dict.fromkeys(others[: quota["alert"]], "alert")
    doubtful = [photo for photo in _most_doubtful(boxes) if photo not in picked]
    wanted = min(size, photos.height) - len(picked)
    picked |= dict.fromkeys(doubtful[:wanted], "uncertain")
    reasons = pl.DataFrame(
        {
            "photo": list(picked),
            "selected_by": list(picked.values()),
            "inclusion_probability": [
                float(probability[photo]) if why == "random" else None
                for photo, why in picked.items()
            ],
        },
        schema={
            "photo": pl.UInt32,
            "selected_by": pl.String,
            "inclusion_probability": pl.Float64,
        },
    )
    return (
        boxes.join(reasons, on="photo")
        .sort([*_PHOTO, "garment_index"])
        .select(SELECTION.names)
        .to_arrow()
        .cast(SELECTION)
    )


def _eligible(
    garments: pa.Table, media: pa.Table, reviews: pa.Table, looks: pa.Table | None
) -> pl.DataFrame:
    """Return the garments that may be shown, with the path of their photo."""
    # the same bytes once; without a hash, a photo is its own
    own = pl.concat_str("source", "post_id", "media_index", separator="\x1f")
    stored = (
        pl.DataFrame(media.select([*_PHOTO, "path", "sha256", "status"]))
        .filter(pl.col("status") == "stored", pl.col("path").is_not_null())
        .with_columns(content=pl.coalesce("sha256", own))
        .sort(_PHOTO)
        .unique("content", keep="first", maintain_order=True)
    )
    found = pl.DataFrame(garments).filter(pl.col("model_name") != SIMULATED)
    # a verdict names no model, so a photo shows one: the one with the most garments
    models = (
        found["model_name"]
        .value_counts()
        .sort(["count", "model_name"], descending=[True, False])
    )
    newest = models["model_name"].to_list()[:1]
    boxes = (
        found.filter(pl.col("model_name").is_in(newest))
        .join(stored.select([*_PHOTO, "path"]), on=_PHOTO)
        .join(pl.DataFrame(reviews.select(_PHOTO)), on=_PHOTO, how="anti")
        .filter(pl.col("image_width_px") > 0, pl.col("image_height_px") > 0)
    )
    if looks is not None:
        copies = pl.DataFrame(looks.select([*_PHOTO, "is_duplicate"])).filter(
            pl.col("is_duplicate")
        )
        boxes = boxes.join(copies, on=_PHOTO, how="anti")
    return boxes


def _alert_photos(
    photos: pl.DataFrame, alert_posts: pa.Table | None
) -> npt.NDArray[np.int64]:
    if alert_posts is None:
        return np.empty(0, dtype=np.int64)
    posts = pl.DataFrame(alert_posts.select(["source", "post_id"]))
    found = photos.join(posts, on=["source", "post_id"], how="semi")["photo"]
    return np.array(sorted(found.to_list()), dtype=np.int64)


def _quotas(size: int, *, has_alerts: bool) -> dict[str, int]:
    """Split a size among the parts that can be drawn; the rest is for doubt."""
    parts = {
        name: part for name, part in PARTS.items() if name != "alert" or has_alerts
    }
    whole = sum(parts.values())
    random = max(1, round(size * parts["random"] / whole))
    alert = round(size * parts.get("alert", 0.0) / whole)
    return {"random": random, "alert": min(alert, size - random)}


def _inclusion_probabilities(boxes: pl.DataFrame, photos: int, size: int) -> Floats:
    """Return each photo's chance to be drawn; they sum to `size`.

    Equal chances, raised for photos with a rare class until the class can expect
    its floor, then scaled down, with none above 1.
    """
    has = boxes.select("photo", "category").unique()
    holders = has.group_by("category").agg(photos=pl.len())
    floor = min(CLASS_FLOOR, size / max(2 * holders.height, 1))
    least = (
        has.join(holders, on="category")
        .group_by("photo")
        .agg(chance=(floor / pl.col("photos")).max())
    )
    weight = np.full(photos, size / photos)
    index = least["photo"].to_numpy()
    weight[index] = np.maximum(weight[index], least["chance"].to_numpy())
    chance = np.zeros(photos)
    is_sure = np.zeros(photos, dtype=bool)
    while True:
        left = size - is_sure.sum()
        chance = np.where(is_sure, 1.0, weight * left / weight[~is_sure].sum())
        beyond = (chance >= 1.0) & ~is_sure
        if not beyond.any() or (is_sure | beyond).all():
            return np.minimum(chance, 1.0)
        is_sure |= beyond


def _draw(probability: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw photos with given chances, as many as they sum to.

    Systematic sampling of shuffled photos (Madow 1949): one step along their
    summed chances for each photo drawn.
    """
    order = rng.permutation(probability.size)
    ends = np.cumsum(probability[order])
    # the sum is whole but for rounding, and a last tick must not fall beside it
    count = round(float(ends[-1]))
    ticks = (rng.random() + np.arange(count)) * (ends[-1] / count)
    at = np.minimum(np.searchsorted(ends, ticks, side="right"), order.size - 1)
    return np.sort(np.unique(order[at]))


def _most_doubtful(boxes: pl.DataFrame) -> list[int]:
    """Return photos by doubt: the most doubtful of each class, then the second."""
    ranked = (
        boxes.with_columns(doubt=(pl.col("score") - DOUBT_SCORE).abs())
        .group_by("photo", "category")
        .agg(pl.col("doubt").min())
        .with_columns(turn=pl.struct("doubt", "photo").rank().over("category"))
        .sort("turn", "doubt", "photo")
    )
    return [int(p) for p in ranked["photo"].unique(maintain_order=True)]
