from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from trendlab.errors import ImageRejected
from trendlab.vision.images import MAX_BYTES, read_photo, read_size, sniff_format

RED = (220, 20, 20)


def encode(kind: str, size: tuple[int, int] = (64, 48), **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, RED).save(buffer, kind, **more)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_are_decoded(kind: str) -> None:
    photo = read_photo(encode(kind))
    assert (photo.width_px, photo.height_px) == (64, 48)
    assert photo.pixels.shape == (48, 64, 3)
    assert np.abs(photo.pixels.astype(int) - RED).max() < 12


def test_the_hash_is_that_of_the_bytes() -> None:
    encoded = encode("PNG")
    assert read_photo(encoded).sha256 == hashlib.sha256(encoded).hexdigest()


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_another_format_is_refused_whatever_its_name(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(kind))
    with pytest.raises(ImageRejected, match="not JPEG, PNG or WebP"):
        read_photo(path)


def test_a_format_is_told_from_its_first_bytes() -> None:
    assert sniff_format(encode("WEBP")[:16]) == "WEBP"
    assert sniff_format(b"RIFF\0\0\0\0AVI ") is None
    assert sniff_format(b"") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"<html>rate limited</html>", "not JPEG, PNG or WebP"),
        (encode("JPEG")[:200], "damaged|truncated"),
        (encode("PNG")[:60], "damaged|truncated"),
        (encode("JPEG", (400, 300), quality=95)[:-900], "truncated file"),
    ],
)
def test_broken_bytes_are_refused_with_a_short_reason(
    content: bytes, reason: str
) -> None:
    with pytest.raises(ImageRejected, match=reason) as refused:
        read_photo(content)
    assert len(str(refused.value)) < 40


def test_a_missing_file_is_refused_without_naming_it(tmp_path: Path) -> None:
    with pytest.raises(ImageRejected, match=r"^file missing$"):
        read_photo(tmp_path / "secret-handle.jpg")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImageRejected, match="more than 40 MB"):
        read_photo(path)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header promises a size and whose data would inflate to it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [5_001, 10_000, 14_000, 60_000])
def test_a_decompression_bomb_is_refused_before_decoding(side: int) -> None:
    with pytest.raises(ImageRejected, match="more than 25 megapixels"):
        read_photo(png_claiming(side, side))


def test_a_bomb_is_refused_where_its_warning_was_silenced() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ImageRejected, match="more than 25 megapixels"):
            read_photo(png_claiming(10_000, 10_000))


def test_a_tracking_pixel_is_refused() -> None:
    with pytest.raises(ImageRejected, match="smaller than 16 pixels"):
        read_photo(encode("PNG", (1, 1)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(
    orientation: int, tmp_path: Path
) -> None:
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:20, :30] = (250, 250, 250)
    back = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    stored = Image.fromarray(np.ascontiguousarray(back(upright)))
    stored.save(buffer, "JPEG", quality=98, exif=exif)
    photo = read_photo(buffer.getvalue())
    assert (photo.width_px, photo.height_px) == (60, 40)
    assert np.abs(photo.pixels.astype(int) - upright).mean() < 4
    path = tmp_path / "turned.jpg"
    path.write_bytes(buffer.getvalue())
    assert read_size(path) == (60, 40)


def test_a_size_that_cannot_be_told_has_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    for content, told in (
        (None, "file missing"),
        (b"", "not JPEG, PNG or WebP"),
        (encode("GIF"), "not JPEG, PNG or WebP"),
        (encode("JPEG")[:30], "not JPEG|damaged header"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ImageRejected, match=told):
            read_size(path)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_not_refuse_the_photo() -> None:
    encoded = encode("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert read_photo(encoded).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, (0, 0, 255))]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], lossless=True)
    assert read_photo(buffer.getvalue()).pixels[16, 16].tolist() == list(RED)


def test_transparent_pixels_become_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(buffer, "PNG")
    assert read_photo(buffer.getvalue()).pixels.min() == 255


def test_sixteen_bit_pixels_are_refused() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((20, 20), np.uint16)).save(buffer, "PNG")
    with pytest.raises(ImageRejected, match="pixel format not supported"):
        read_photo(buffer.getvalue())


def test_a_large_jpeg_is_decoded_smaller_but_keeps_its_size() -> None:
    photo = read_photo(encode("JPEG", (2000, 1000)), max_side_px=500)
    assert (photo.width_px, photo.height_px) == (2000, 1000)
    assert photo.pixels.shape == (250, 500, 3)


def test_changed_bytes_are_refused() -> None:
    with pytest.raises(ImageRejected, match="bytes changed since ingest"):
        read_photo(encode("PNG"), expected_sha256="0" * 64)


@settings(max_examples=100, deadline=None)
@given(place=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_png_with_one_wrong_bit_in_its_pixels_is_refused(
    place: float, bit: int
) -> None:
    whole = encode("PNG", (90, 70))
    # behind the name of the first pixel chunk, before the 12 bytes of the last chunk
    first, last = whole.index(b"IDAT") + 4, len(whole) - 12 - 1
    damaged = bytearray(whole)
    damaged[first + round(place * (last - first))] ^= 1 << bit
    with pytest.raises(ImageRejected, match="damaged file"):
        read_photo(bytes(damaged))


def test_a_png_without_its_end_is_refused() -> None:
    with pytest.raises(ImageRejected, match="truncated file"):
        read_photo(encode("PNG", (90, 70))[:-12])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    at=st.integers(0, 4000),
    noise=st.binary(min_size=1, max_size=12),
    cut=st.integers(0, 4000),
)
def test_damage_is_refused_or_decoded_and_nothing_else(
    kind: str, at: int, noise: bytes, cut: int
) -> None:
    whole = encode(kind, (90, 70))
    at %= len(whole)
    damaged = (whole[:at] + noise + whole[at + len(noise) :])[: len(whole) - cut % 40]
    try:
        photo = read_photo(damaged)
    except ImageRejected:
        return
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3
