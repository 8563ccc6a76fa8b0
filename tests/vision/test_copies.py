"""Copies of photos: found when saved again, scaled or cut a little, else not."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.vision.conftest import media_table
from tests.vision.fakes import PlantedDetector
from trendlab.vision.copies import (
    GROUPS,
    MAX_BITS,
    MAX_BITS_ALONE,
    group_copies,
    perceptual_hash,
)
from trendlab.vision.garments import find_garments

MODEL = {"model_name": "m", "model_version": "1"}
LOOKS = pa.schema(
    [
        ("source", pa.string()),
        ("post_id", pa.string()),
        ("media_index", pa.int64()),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
        ("photo_hash", pa.string()),
        ("vector", pa.list_(pa.float32())),
    ]
)


def differ(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def hash_of(image):
    return perceptual_hash(np.asarray(image.convert("RGB")))


def saved(image, quality):
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    return Image.open(encoded)


@pytest.fixture(scope="module")
def street(bus):
    with Image.open(bus) as image:
        return image.convert("RGB")


def test_a_photo_saved_again_or_scaled_keeps_its_hash(street):
    given = hash_of(street)
    assert len(given) == 16
    small = street.resize((street.width // 3, street.height // 3))
    assert differ(given, hash_of(saved(street, 40))) <= MAX_BITS_ALONE
    assert differ(given, hash_of(saved(small, 80))) <= MAX_BITS_ALONE
    assert differ(given, hash_of(street.point(lambda v: v * 0.8))) <= MAX_BITS_ALONE


def test_other_photos_and_mirrored_ones_have_another_hash(street, zidane):
    given = hash_of(street)
    with Image.open(zidane) as other:
        assert differ(given, hash_of(other)) > MAX_BITS
    mirrored = street.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert differ(given, hash_of(mirrored)) > MAX_BITS


def test_a_plain_surface_has_no_hash():
    assert perceptual_hash(np.full((64, 48, 3), 200, np.uint8)) == ""


def looks(*rows):
    """Looks from (post, hash as a number, vector, what differs)."""
    return pa.Table.from_pylist(
        [
            {
                "source": "net",
                "post_id": post,
                "media_index": 0,
                **MODEL,
                "photo_hash": None if number is None else f"{number:016x}",
                "vector": vector,
                **more,
            }
            for post, number, vector, more in rows
        ],
        schema=LOOKS,
    )


def groups(table):
    """Sets of posts that are copies of each other."""
    found: dict[int, set[str]] = {}
    for row in group_copies(table).to_pylist():
        found.setdefault(row["group_id"], set()).add(row["post_id"])
    return sorted(found.values(), key=min)


SIX_BITS = 0b111111
NEAR, FAR = [1.0, 0.0], [0.6, 0.8]


def test_few_bits_are_a_copy_whatever_the_look():
    assert groups(looks(("a", 0, NEAR, {}), ("b", 0b1111, FAR, {}))) == [{"a", "b"}]


@pytest.mark.parametrize(
    ("vector", "is_copy"), [(NEAR, True), (FAR, False), (None, False)]
)
def test_more_bits_are_a_copy_where_the_looks_are_near(vector, is_copy):
    found = groups(looks(("a", 0, NEAR, {}), ("b", SIX_BITS, vector, {})))
    assert found == ([{"a", "b"}] if is_copy else [])


def test_many_bits_are_no_copy_even_of_equal_looks():
    assert groups(looks(("a", 0, NEAR, {}), ("b", 0x1FF, NEAR, {}))) == []


def test_copies_of_copies_are_one_group_and_others_stay_out():
    table = looks(
        ("a", 0, None, {}),
        ("b", 0b111, None, {}),
        ("c", 0b111111, None, {}),
        ("x", 2**64 - 1, None, {}),
        ("none", None, None, {}),
    )
    assert groups(table) == [{"a", "b", "c"}]


def test_looks_of_two_models_are_not_compared():
    table = looks(("a", 0, None, {}), ("b", 0, None, {"model_name": "other"}))
    assert groups(table) == []


def test_two_looks_of_one_photo_are_no_copies():
    assert groups(looks(("a", 0, None, {}), ("a", 0, None, {}))) == []


def test_more_photos_than_a_chunk_find_the_same_pairs():
    rng = np.random.default_rng(7)
    numbers = rng.integers(0, 2**63, 700).tolist()
    numbers[600] = numbers[10] ^ 0b11
    table = looks(*((f"{n:03}", number, None, {}) for n, number in enumerate(numbers)))
    assert groups(table) == [{"010", "600"}]


def test_nothing_and_one_have_no_copies():
    assert group_copies(LOOKS.empty_table()) == GROUPS.empty_table()
    assert group_copies(looks(("a", 0, None, {}))).num_rows == 0


def test_reposts_of_a_day_are_marked_but_the_first(tmp_path, street, zidane):
    street.save(tmp_path / "first.png")
    saved(street, 60).save(tmp_path / "again.jpg", quality=60)
    found = find_garments(
        media_table(tmp_path / "first.png", tmp_path / "again.jpg", zidane),
        PlantedDetector(),
        home=tmp_path,
        run_id="r",
    )
    assert found.looks["post_id"].to_pylist() == ["p0", "p1", "p2"]
    assert found.looks["is_duplicate"].to_pylist() == [False, True, False]
    assert len(set(found.looks["photo_hash"].to_pylist())) >= 2
