from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.sources.files import read_paths, reasons_of, rows_of
from trendlab.errors import SettingsError, UnknownFormat
from trendlab.lake import Lake
from trendlab.sources.exif import Taken, read_exif
from trendlab.sources.photo_folder import kind_of_photo
from trendlab.steps.ingest import ingest_paths

CHANGED = 1_700_000_000
CHANGED_AT = datetime.fromtimestamp(CHANGED, UTC)


def photo(
    path: Path,
    *,
    taken: str | None = None,
    offset: str | None = None,
    place: tuple[float, float] | None = None,
    colour: str = "red",
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if taken is not None:
        details = exif.get_ifd(0x8769)
        details[0x9003] = taken
        if offset is not None:
            details[0x9011] = offset
    if place is not None:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2] = ("N" if place[0] >= 0 else "S"), (abs(place[0]), 0.0, 0.0)
        gps[3], gps[4] = ("E" if place[1] >= 0 else "W"), (abs(place[1]), 0.0, 0.0)
    Image.new("RGB", (8, 8), colour).save(path, exif=exif)
    os.utime(path, (CHANGED, CHANGED))
    return path


def test_a_photo_becomes_a_post_with_its_file(tmp_path: Path):
    path = photo(tmp_path / "a.jpg")

    records = read_paths(tmp_path)

    (post,) = rows_of(records, "posts")
    (media,) = rows_of(records, "media")
    assert post["created_at"] == CHANGED_AT
    assert post["observed_at"] == CHANGED_AT
    assert (post["media_kind"], post["media_count"]) == ("image", 1)
    assert media["path"] == str(path)
    assert media["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert (media["status"], media["media_index"]) == ("stored", 0)
    assert media["post_id"] == post["post_id"]


def test_the_time_is_the_lists_then_exifs_then_the_files(tmp_path: Path):
    for name in ("listed.jpg", "exif.jpg"):
        photo(tmp_path / name, taken="2020:05:06 07:08:09")
    photo(tmp_path / "file.jpg")
    photo(tmp_path / "zoned.jpg", taken="2020:05:06 07:08:09", offset="+02:00")
    (tmp_path / "list.csv").write_text("file,time\nlisted.jpg,2026-01-05 10:00\n")

    posts = rows_of(read_paths(tmp_path), "posts")

    assert [post["created_at"] for post in posts] == [
        datetime(2020, 5, 6, 7, 8, 9, tzinfo=UTC),
        CHANGED_AT,
        datetime(2026, 1, 5, 10, tzinfo=UTC),
        datetime(2020, 5, 6, 5, 8, 9, tzinfo=UTC),
    ]


@pytest.mark.parametrize("column", ["time", "posted_at", "published_at", "date"])
def test_the_lists_time_has_several_names(tmp_path: Path, column: str):
    photo(tmp_path / "a.jpg")
    (tmp_path / "list.csv").write_text(f"file,{column}\na.jpg,2026-01-05 10:00\n")

    (post,) = rows_of(read_paths(tmp_path), "posts")

    assert post["created_at"] == datetime(2026, 1, 5, 10, tzinfo=UTC)


def test_columns_of_the_list_that_are_not_used_are_named_in_one_line(tmp_path: Path):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    (tmp_path / "list.csv").write_text(
        "file,Camera,caption,title,description,posted_at,empty\n"
        "a.jpg,K-1,Red coat,One,,2026-01-05,\n"
        "b.jpg,K-1,,Two,A coat,2026-01-06,\n"
    )

    report = ingest_paths(Lake(tmp_path / "lake"), [tmp_path])

    # of caption, description and title the first that an entry gives is read
    assert report.lines()[1:] == ["  not used of the list of photos: camera, title"]


def test_a_list_that_is_used_whole_needs_no_word(tmp_path: Path):
    photo(tmp_path / "a.jpg")
    (tmp_path / "list.csv").write_text("file,caption\na.jpg,Red coat\n")

    report = ingest_paths(Lake(tmp_path / "lake"), [tmp_path])

    assert len(report.lines()) == 1


def test_the_place_is_the_lists_then_exifs(tmp_path: Path):
    photo(tmp_path / "a.jpg", place=(48.5, -2.5))
    photo(tmp_path / "b.jpg", place=(48.5, -2.5))
    (tmp_path / "list.json").write_text(
        json.dumps([{"file": "b.jpg", "lat": 1.5, "lon": 2.5, "place": "Lomé"}])
    )

    a, b = rows_of(read_paths(tmp_path), "posts")

    assert (a["lat"], a["lon"]) == (48.5, -2.5)
    assert (b["lat"], b["lon"], b["place_name"]) == (1.5, 2.5, "Lomé")


LISTS = {
    "list.csv": "File_Name,author,caption,likes\na.jpg,@Ana,Red #coat,5\n",
    "list.json": '[{"file": "a.jpg", "author": "@Ana", "caption": "Red #coat", '
    '"likes": 5}]',
    "list.jsonl": '{"file": "a.jpg", "author": "@Ana", "caption": "Red #coat", '
    '"likes": 5}\n',
    "photos.json": '{"a.jpg": {"author": "@Ana", "caption": "Red #coat", "likes": 5}}',
    "pretty.json": '{\n "a.jpg": {\n "author": "@Ana", "caption": "Red #coat",\n'
    ' "likes": 5}}',
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_beside_the_photos_is_found_and_read(tmp_path: Path, name: str):
    photo(tmp_path / "a.jpg")
    (tmp_path / name).write_text(LISTS[name])

    records = read_paths(tmp_path)

    (post,) = rows_of(records, "posts")
    assert reasons_of(records) == []
    assert post["author_handle"] == "ana"
    assert post["caption"] == "Red #coat"
    assert post["hashtags"] == ["coat"]
    assert post["likes_count"] == 5


def test_a_list_elsewhere_is_named(tmp_path: Path):
    photo(tmp_path / "photos" / "a.jpg")
    listing = tmp_path / "list.csv"
    listing.write_text("image,caption\na,hello\n")

    records = read_paths(tmp_path / "photos", listing=listing)

    assert rows_of(records, "posts")[0]["caption"] == "hello"


@pytest.mark.parametrize("again", ["a.jpg", "./a.jpg", ".\\a.jpg"])
def test_what_is_listed_and_not_there_is_refused(tmp_path: Path, again: str):
    photo(tmp_path / "a.jpg")
    (tmp_path / "list.csv").write_text(
        f"file,caption\na.jpg,x\nlost.jpg,y\n,z\n{again},w\n"
    )

    records = read_paths(tmp_path)

    assert len(rows_of(records, "posts")) == 1
    assert sorted(reasons_of(records)) == [
        "the list names a file twice",
        "the list names no file",
        "the photo that is listed is not there",
    ]


def test_a_bad_time_in_the_list_refuses_its_photo_only(tmp_path: Path):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    (tmp_path / "list.csv").write_text("file,time\na.jpg,soon\nb.jpg,2026-01-05\n")

    records = read_paths(tmp_path)

    assert reasons_of(records) == ["created_at cannot be read as a time"]
    assert len(rows_of(records, "posts")) == 1


def test_files_that_only_look_like_photos_are_refused(tmp_path: Path):
    photo(tmp_path / "a.jpg")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "page.jpg").write_text("<html>not found</html>")
    (tmp_path / ".hidden.jpg").write_bytes(b"x")

    records = read_paths(tmp_path)

    assert len(rows_of(records, "posts")) == 1
    assert sorted(reasons_of(records)) == [
        "photo is empty",
        "photo is of no known format",
    ]


def test_a_moved_folder_gives_the_same_posts(tmp_path: Path):
    photo(tmp_path / "one" / "a.jpg")
    photo(tmp_path / "two" / "a.jpg")
    photo(tmp_path / "three" / "a.jpg", colour="blue")

    ids = [
        rows_of(read_paths(tmp_path / folder), "posts")[0]["post_id"]
        for folder in ("one", "two", "three")
    ]

    assert ids[0] == ids[1]
    assert ids[2] != ids[0]


def test_two_lists_ask_for_a_choice(tmp_path: Path):
    photo(tmp_path / "a.jpg")
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("file,caption\na.jpg,x\n")

    with pytest.raises(SettingsError, match="--sidecar"):
        read_paths(tmp_path)


def test_a_list_without_photos_is_no_format(tmp_path: Path):
    (tmp_path / "list.csv").write_text("file,caption\na.jpg,x\n")

    with pytest.raises(UnknownFormat, match="no photos"):
        read_paths(tmp_path / "list.csv")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_photos_are_known_by_their_first_bytes(tmp_path: Path, kind: str):
    path = tmp_path / "x"
    Image.new("RGB", (4, 4)).save(path, format=kind)

    assert kind_of_photo(path.read_bytes()) == kind.lower()


@given(st.binary(max_size=200))
def test_any_exif_gives_something_or_nothing(block: bytes):
    size = (len(block) + 8).to_bytes(2, "big")
    head = b"\xff\xd8\xff\xe1" + size + b"Exif\0\0" + block

    assert isinstance(read_exif(head), Taken)
    assert isinstance(read_exif(block), Taken)


@given(
    st.sampled_from(["<", ">"]),
    st.lists(
        st.tuples(
            st.sampled_from([0x8769, 0x8825, 0x9003, 0x9011, 1, 2, 3, 4]),
            st.integers(0, 12),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2**32 - 1) | st.integers(0, 60),
        ),
        max_size=6,
    ),
)
def test_exif_directories_that_lie_are_passed_over(
    order: str, entries: list[tuple[int, int, int, int]]
):
    import struct

    mark = b"II" if order == "<" else b"MM"
    block = mark + struct.pack(order + "HI", 42, 8)
    block += struct.pack(order + "H", len(entries))
    for entry in entries:
        block += struct.pack(order + "HHII", *entry)
    size = (len(block) + 8).to_bytes(2, "big")

    taken = read_exif(b"\xff\xd8\xff\xe1" + size + b"Exif\0\0" + block)

    assert taken.lat is None or -90 <= taken.lat <= 90
