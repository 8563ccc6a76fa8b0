"""Review sets: doubtful photos, random ones with known chances, rare classes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.review import SELECTION, select_for_review
from trendlab.review.selection import _draw, _inclusion_probabilities
from trendlab.schemas import TABLES

DAY = date(2026, 1, 5)


def garment(photo: int, score: float = 0.9, category: str = "skirt", **more: Any):
    return {
        "day": DAY, "source": "net", "post_id": f"p{photo:04}", "media_index": 0,
        "garment_index": 0, "look_index": 0, "category_id": 0, "category": category,
        "score": score, "x_px": 1.0, "y_px": 2.0, "width_px": 3.0, "height_px": 4.0,
        "image_width_px": 64, "image_height_px": 64, "model_name": "m",
        "model_version": "1", "run_id": "r", **more,
    }  # fmt: skip


def photo_of(photo: int, **more: Any) -> dict[str, Any]:
    return {
        "day": DAY, "source": "net", "post_id": f"p{photo:04}", "media_index": 0,
        "media_kind": "image", "path": f"{photo}.jpg", "sha256": f"hash{photo}",
        "status": "stored", **more,
    }  # fmt: skip


def select(
    garments: list[dict[str, Any]],
    media: list[dict[str, Any]] | None = None,
    reviews: list[dict[str, Any]] | None = None,
    *,
    size: int = 10,
    seed: int = 1,
    **more: Any,
) -> pl.DataFrame:
    if media is None:
        names = sorted({row["post_id"] for row in garments})
        media = [photo_of(int(name[1:])) for name in names]
    chosen = select_for_review(
        TABLES["garments"].from_rows(garments),
        TABLES["media"].from_rows(media),
        TABLES["reviews"].from_rows(reviews or []),
        rng=np.random.default_rng(seed),
        size=size,
        **more,
    )
    assert chosen.schema.equals(SELECTION)
    return pl.DataFrame(chosen)


def test_the_doubtful_are_chosen_and_the_rest_are_random_with_their_chance() -> None:
    garments = [garment(n, score=0.95) for n in range(100)]
    garments[7]["score"] = 0.5
    garments[8]["score"] = 0.45

    chosen = select(garments, size=9)

    by = dict(zip(chosen["post_id"], chosen["selected_by"], strict=True))
    assert chosen.height == 9
    assert Counter(by.values()) == {"uncertain": 6, "random": 3}
    assert by["p0007"] in ("uncertain", "random")
    assert by["p0008"] in ("uncertain", "random")
    drawn = chosen.filter(pl.col("selected_by") == "random")
    assert drawn["inclusion_probability"].to_list() == pytest.approx([0.03] * 3)
    others = chosen.filter(pl.col("selected_by") != "random")
    assert others["inclusion_probability"].null_count() == 6


def test_doubt_is_taken_class_after_class() -> None:
    garments = [garment(n, score=0.5, category="skirt") for n in range(50)]
    garments += [garment(n, score=0.8, category="scarf") for n in range(50, 55)]

    chosen = select(garments, size=9).filter(pl.col("selected_by") == "uncertain")

    assert Counter(chosen["category"])["scarf"] >= 2


def test_empty_input_gives_a_typed_empty_table() -> None:
    assert select([], size=5).is_empty()
    assert select([garment(1)], size=0).is_empty()


def test_one_photo_is_chosen_at_random_with_certainty() -> None:
    row = select([garment(1)], size=5).to_dicts()[0]

    assert (row["selected_by"], row["inclusion_probability"]) == ("random", 1.0)


def test_all_garments_of_a_chosen_photo_come_along() -> None:
    chosen = select([garment(1), garment(1, garment_index=1, category="bag")])

    assert chosen["garment_index"].to_list() == [0, 1]


def test_what_cannot_or_need_not_be_checked_is_left_out() -> None:
    garments = [garment(n) for n in range(7)]
    garments[1]["model_name"] = "simulated"
    media = [photo_of(n) for n in range(7)]
    media[2]["status"] = "offered"
    media[3]["sha256"] = media[0]["sha256"]
    media[5]["sha256"] = None
    media[6]["sha256"] = None
    reviewed = {"day": DAY, "source": "net", "post_id": "p0004", "media_index": 0}
    looks = TABLES["looks"].from_rows(
        [
            {
                "source": "net",
                "post_id": f"p{n:04}",
                "media_index": 0,
                "is_duplicate": d,
            }
            for n, d in [(5, True), (6, False)]
        ]
    )

    chosen = select(garments, media, [reviewed], looks=looks)

    assert chosen["post_id"].to_list() == ["p0000", "p0006"]


def test_of_two_models_the_one_with_more_garments_is_shown() -> None:
    garments = [garment(1), garment(2), garment(1, model_name="old")]

    assert set(select(garments)["model_name"]) == {"m"}


def test_posts_of_open_alerts_get_their_part() -> None:
    garments = [garment(n) for n in range(200)]
    posts = pa.table(
        {"source": ["net"] * 50, "post_id": [f"p{n:04}" for n in range(50)]}
    )

    chosen = select(garments, size=40, alert_posts=posts)

    by_alert = chosen.filter(pl.col("selected_by") == "alert")
    assert Counter(chosen["selected_by"]) == {
        "uncertain": 20,
        "alert": 10,
        "random": 10,
    }
    assert set(by_alert["post_id"]) <= set(posts["post_id"].to_pylist())


def test_the_same_seed_gives_the_same_choice() -> None:
    garments = [garment(n, score=n / 100) for n in range(100)]

    assert select(garments).equals(select(garments[::-1]))
    assert not select(garments).equals(select(garments, seed=2))


def test_a_rare_class_can_expect_its_floor() -> None:
    garments = [garment(n) for n in range(990)]
    garments += [garment(n, category="scarf") for n in range(990, 1000)]

    chances = select(garments, size=120).filter(pl.col("selected_by") == "random")

    # 40 random photos for 2 classes: 10 of the 10 scarves, instead of 0.4
    scarves = chances.filter(pl.col("category") == "scarf")
    assert scarves.height >= 6
    assert chances["inclusion_probability"].max() <= 1.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 60))
def test_chances_sum_to_the_size_and_none_is_above_one(
    classes: list[int], size: int
) -> None:
    size = min(size, len(classes))
    boxes = pl.DataFrame(
        {"photo": range(len(classes)), "category": [f"c{n}" for n in classes]}
    )

    chance = _inclusion_probabilities(boxes, len(classes), size)

    assert chance.sum() == pytest.approx(size)
    assert 0 < chance.min() <= chance.max() <= 1 + 1e-12
    drawn = _draw(chance, np.random.default_rng(0))
    assert drawn.size == size


def test_photos_are_drawn_as_often_as_their_chance_says() -> None:
    chance = np.array([0.1, 0.2, 0.5, 0.7, 0.5, 1.0])
    rng = np.random.default_rng(3)
    seen = np.zeros(6)

    for _ in range(4_000):
        seen[_draw(chance, rng)] += 1

    assert np.allclose(seen / 4_000, chance, atol=0.03)


def test_weighting_by_the_chance_recovers_the_precision() -> None:
    """Planted: 90 % of skirts and 20 % of the rare scarves are right."""
    rng = np.random.default_rng(4)
    garments = [garment(n) for n in range(400)]
    garments += [garment(n, category="scarf") for n in range(400, 420)]
    is_right = np.concatenate([rng.random(400) < 0.9, rng.random(20) < 0.2])
    estimates = []

    for seed in range(60):
        drawn = select(garments, size=90, seed=seed).filter(
            pl.col("selected_by") == "random"
        )
        index = drawn["post_id"].str.slice(1).cast(pl.Int64).to_numpy()
        weight = 1 / drawn["inclusion_probability"].to_numpy()
        estimates.append(np.average(is_right[index], weights=weight))

    assert np.mean(estimates) == pytest.approx(is_right.mean(), abs=0.025)
