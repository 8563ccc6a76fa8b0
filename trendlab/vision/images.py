"""Turn untrusted bytes into pixels, or refuse them with a reason.

Photos come from strangers. What a file is is told from its first bytes, never
from its name; only JPEG, PNG and WebP are opened; the size is checked before a
pixel is decoded; a broken file is refused, never repaired.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from trendlab.errors import ImageRejected

Pixels = npt.NDArray[np.uint8]

# Social networks serve at most about 4096 × 4096; a phone's own file has 12 to 24.
MAX_PIXELS = 25_000_000

# A 25-megapixel JPEG at the best quality has about 20 MB.
MAX_BYTES = 40_000_000

# Below this nothing can be seen; 1-pixel trackers and spacers end here.
MIN_SIDE_PX = 16

_EXIF_ORIENTATION = 0x0112

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# EXIF orientations in which width and height change places.
_ON_ITS_SIDE = (5, 6, 7, 8)

# What Pillow's decoders raise on damaged input.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
)

# Modes that convert to RGB without loss of range. 16-bit and float pixels do not.
_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr")

warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# broken EXIF is common and harmless: the photo is then taken as it is
warnings.filterwarnings("ignore", message="Corrupt EXIF data", category=UserWarning)


@dataclass(frozen=True)
class Photo:
    """A decoded photo, upright.

    Parameters
    ----------
    pixels : (rows, columns, 3) uint8
        RGB. Smaller than the photo where a smaller side was asked for.
    width_px, height_px : int
        Size of the whole photo after its EXIF orientation is applied.
    sha256 : str
        Hash of the bytes it came from.
    """

    pixels: Pixels
    width_px: int
    height_px: int
    sha256: str


def sniff_format(head: bytes) -> str | None:
    """Tell JPEG, PNG or WEBP from a file's first 16 bytes; None for all else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return None


def read_photo(
    content: Path | bytes,
    *,
    max_side_px: int | None = None,
    expected_sha256: str | None = None,
) -> Photo:
    """Decode one photo safely.

    Parameters
    ----------
    content : Path or bytes
    max_side_px : int, optional
        The caller needs no more than this on the longer side; a large JPEG is
        then decoded at a half, quarter or eighth of its size, never below it.
    expected_sha256 : str, optional
        Refuse bytes with another hash.

    Returns
    -------
    Photo
        Of an animation, the first frame. Transparent pixels become white.

    Raises
    ------
    ImageRejected
        The message is a short reason, fit for grouping: it names no file.
    """
    encoded = _read_bytes(content) if isinstance(content, Path) else content
    kind = sniff_format(encoded[:16])
    if kind is None:
        raise ImageRejected("empty file" if not encoded else "not JPEG, PNG or WebP")
    sha256 = hashlib.sha256(encoded).hexdigest()
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise ImageRejected("bytes changed since ingest")
    try:
        if kind == "PNG":
            _check_sums(encoded)
        with Image.open(io.BytesIO(encoded), formats=(kind,)) as image:
            return _decode(image, sha256, max_side_px)
    except ImageRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRejected("more than 25 megapixels") from None
    except UnidentifiedImageError:
        raise ImageRejected("damaged header") from None
    except _DAMAGE as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = "truncated file" if truncated else "damaged file"
        raise ImageRejected(reason) from None


def read_size(path: Path) -> tuple[int, int]:
    """Return the width and height of a photo, upright, without decoding it.

    Raises
    ------
    ImageRejected
        If it is not there, or not JPEG, PNG or WebP, or its header is damaged.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
            width_px, height_px = image.size
            is_turned = _orientation(image) in _ON_ITS_SIDE
    except UnidentifiedImageError:
        raise ImageRejected("not JPEG, PNG or WebP") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRejected("more than 25 megapixels") from None
    except FileNotFoundError:
        raise ImageRejected("file missing") from None
    except _DAMAGE:
        raise ImageRejected("damaged header") from None
    return (height_px, width_px) if is_turned else (width_px, height_px)


def _check_sums(encoded: bytes) -> None:
    """Hold every chunk of a PNG against its checksum, and look for its end.

    Pillow's decoder passes over the checksums of pixels and turns damaged ones into
    noise; its `verify`, after which a file must be opened anew, reads them without
    unpacking. Bytes that were made with right checksums pass. JPEG has none.

    Raises
    ------
    OSError, SyntaxError, IndexError
        As Pillow does.
    """
    with Image.open(io.BytesIO(encoded), formats=("PNG",)) as image:
        image.verify()


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            encoded = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ImageRejected("file missing") from None
    except (OSError, ValueError):
        raise ImageRejected("file unreadable") from None
    if len(encoded) > MAX_BYTES:
        raise ImageRejected("more than 40 MB")
    return encoded


def _decode(image: Image.Image, sha256: str, max_side_px: int | None) -> Photo:
    width_px, height_px = image.size
    if width_px * height_px > MAX_PIXELS:
        raise ImageRejected("more than 25 megapixels")
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise ImageRejected("smaller than 16 pixels")
    if image.mode not in _MODES:
        raise ImageRejected("pixel format not supported")
    orientation = _orientation(image)
    turn = _UPRIGHT.get(orientation)
    if max_side_px is not None and max(image.size) > max_side_px:
        # draft() keeps each side at least as long as asked
        shrink = max_side_px / max(image.size)
        wanted = (
            max(MIN_SIDE_PX, round(width_px * shrink)),
            max(MIN_SIDE_PX, round(height_px * shrink)),
        )
        image.draft("RGB", wanted)
    image.load()
    upright: Image.Image = _on_white(image)
    if turn is not None:
        upright = upright.transpose(turn)
        if orientation in _ON_ITS_SIDE:
            width_px, height_px = height_px, width_px
    return Photo(np.asarray(upright), width_px, height_px, sha256)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 where there is none or it is broken."""
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        solid = image.convert("RGBA")
        white = Image.new("RGBA", solid.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, solid).convert("RGB")
    return image.convert("RGB")
