"""Archives inside gzip, xz and zip: cut, damaged, nested, and made to burst."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.files import read_paths, reasons_of, rows_of
from tests.sources.instagram_samples import ITEM, captured, write_lines
from trendlab.errors import SourceError
from trendlab.sources.files import find_members, open_sets, sniff

DAMAGED = "the file is cut or damaged"


def lines(count: int) -> bytes:
    """Return lines that pack little, so that a cut loses some and not all."""
    noise = random.Random(1)
    return b"".join(
        json.dumps(
            captured(
                {
                    **ITEM,
                    "pk": str(10**18 + number),
                    "caption": {"text": noise.randbytes(400).hex()},
                }
            )
        ).encode()
        + b"\n"
        for number in range(count)
    )


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_of_a_cut_archive_what_was_whole_is_read(
    tmp_path: Path, pack: Callable[[bytes], bytes]
):
    packed = pack(lines(400))
    path = tmp_path / "x"
    path.write_bytes(packed[: len(packed) * 3 // 4])

    records = read_paths(path)

    assert sniff(path).format == "zeeschuimer"
    posts = rows_of(records, "posts")
    assert 200 < len(posts) < 400
    assert [int(post["post_id"]) - 10**18 for post in posts] == list(range(len(posts)))
    assert reasons_of(records)[-1] == DAMAGED
    assert len(records) - len(posts) <= 2


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_files_in_a_zip_may_be_packed_themselves(
    tmp_path: Path, pack: Callable[[bytes], bytes]
):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/one", pack(lines(2)))
        archive.writestr("a/two", pack(lines(3)))

    (one,) = open_sets([tmp_path / "x.zip"])

    assert [member.inner for member in one.members] == ["a/one", "a/two"]
    assert len(rows_of(read_paths(tmp_path / "x.zip"), "posts")) == 5


def test_a_damaged_file_in_a_zip_does_not_take_the_others_with_it(tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", lines(300))
        archive.writestr("two", lines(3))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)

    records = read_paths(path)

    posts = rows_of(records, "posts")
    assert 3 < len(posts) < 303
    assert DAMAGED in reasons_of(records)


def test_a_zip_that_was_cut_says_so(tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one", lines(3))
    path.write_bytes(path.read_bytes()[:-60])

    with pytest.raises(
        SourceError,
        match=r"expected a zip, got a damaged one.* get it again.* --out mended",
    ):
        open_sets([path])


def test_a_zip_that_unpacks_to_too_much_is_not_read(tmp_path: Path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            with archive.open(f"{number}", "w") as member:
                for _ in range(50):
                    member.write(bytes(1_000_000))

    with pytest.raises(SourceError, match=r"250 times .* unpacks to 300,000,000"):
        list(find_members(path))


def test_a_bomb_of_xz_ends_with_a_reason(tmp_path: Path):
    packer, packed = lzma.LZMACompressor(preset=0), io.BytesIO()
    packed.write(packer.compress(lines(3)))
    for _ in range(270):
        packed.write(packer.compress(b" " * 1_000_000))
    packed.write(packer.flush())
    path = tmp_path / "bomb.xz"
    path.write_bytes(packed.getvalue())

    records = read_paths(path)

    assert len(rows_of(records, "posts")) == 3
    assert reasons_of(records)[-1] == "the file unpacks to too much"


def test_a_zip_is_opened_once_for_all_its_members(tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number}.ndjson", lines(1))

    members = list(find_members(path))

    assert len({member.content_hash() for member in members}) == 1
    assert len(rows_of(read_paths(path), "posts")) == 2_000


def test_a_changed_zip_is_not_taken_for_the_old_one(tmp_path: Path):
    path = tmp_path / "x.zip"
    for count in (1, 2):
        path.unlink(missing_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x", lines(count))
        assert len(read_paths(path)) == count


def test_globs_find_archives_of_several_formats(tmp_path: Path):
    write_lines(tmp_path / "a.ndjson", captured(ITEM))
    (tmp_path / "b.ndjson").write_bytes(gzip.compress(lines(2)))

    assert len(read_paths(str(tmp_path / "*.ndjson"))) == 3
