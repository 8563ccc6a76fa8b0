from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from trendlab.errors import SettingsError, SourceError, UnknownFormat
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.files import FORMATS, open_sets, sniff
from trendlab.sources.members import DamagedFileError, Unpacked

TWEETS = (
    "author_id,text,geo,created_at,retweets,replies,likes,quote_count\n"
    "7,hello,,2021-12-03 10:00:00+00:00,1,2,3,0\n"
)
PROFILE = {"alias": "ana", "numberFollowers": 1, "posts": []}


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_formats_are_told_from_content_not_from_names(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.csv", format="PNG")
    files = {
        "photo": tmp_path / "a.csv",
        "csv": write(tmp_path / "b.jpg.txt", TWEETS),
        "instagram_profiles": write(tmp_path / "c", json.dumps(PROFILE, indent=2)),
        "jsonl": write(
            tmp_path / "d.csv",
            '{"id": 1, "created_utc": 1, "title": "", "selftext": "", "ups": 1, '
            '"num_comments": 0, "permalink": "", "url": ""}\n',
        ),
    }

    assert {sniff(path).format for path in files.values()} == set(files)
    assert all(sniff(path).format == kind for kind, path in files.items())


def test_an_unknown_file_says_what_was_looked_for(tmp_path: Path):
    path = write(tmp_path / "x.bin", "just some words")

    with pytest.raises(UnknownFormat) as caught:
        sniff(path)

    assert "begins b'just some words'" in str(caught.value)
    assert "an Instagram profile in JSON" in str(caught.value)
    assert "--format" in str(caught.value)


def test_a_csv_without_a_mapping_names_its_columns(tmp_path: Path):
    path = write(tmp_path / "x.csv", "who,what\nana,hello\n")

    with pytest.raises(UnknownFormat, match=r"columns who, what; no mapping fits"):
        sniff(path)


def test_an_empty_file_says_so(tmp_path: Path):
    with pytest.raises(UnknownFormat, match="the file is empty"):
        sniff(write(tmp_path / "x", ""))


def test_the_users_mapping_comes_before_the_known_one(tmp_path: Path):
    path = write(tmp_path / "x.csv", TWEETS)
    mine = ColumnMapping("mine", {"created_at": "created_at", "caption": "text"})
    other = ColumnMapping("other", {"created_at": "created_at", "url": "text"})

    assert sniff(path).label == "csv:tweets"
    assert sniff(path, mappings={"mine": mine}).label == "csv:mine"
    with pytest.raises(UnknownFormat, match="mine, other all fit"):
        sniff(path, mappings={"mine": mine, "other": other})
    assert sniff(path, mappings={"mine": mine}, mapping="tweets").label == "csv:tweets"


def test_overrides_that_do_not_exist_are_misuse(tmp_path: Path):
    path = write(tmp_path / "x.csv", TWEETS)

    with pytest.raises(SettingsError, match="--format: expected one of"):
        sniff(path, format_name="xlsx")
    with pytest.raises(SettingsError, match="--mapping: expected one of"):
        sniff(path, mapping="nope")


def test_a_folder_gives_one_set_for_each_format(tmp_path: Path):
    write(tmp_path / "a" / "t.csv", TWEETS)
    write(tmp_path / "b" / "t.csv", TWEETS)
    write(tmp_path / "p.json", json.dumps(PROFILE))
    write(tmp_path / "LICENSE", "free for all")
    write(tmp_path / ".secret" / "t.csv", TWEETS)

    sets = open_sets([tmp_path])

    assert [(one.source.format, len(one.members)) for one in sets] == [
        ("instagram_profiles", 1),
        ("csv:tweets", 2),
    ]
    assert [Path(path).name for path, _ in sets[0].skipped] == ["LICENSE"]
    assert sets[1].skipped == ()


def test_a_folder_of_nothing_known_fails(tmp_path: Path):
    write(tmp_path / "LICENSE", "free for all")

    with pytest.raises(UnknownFormat, match="LICENSE"):
        open_sets([tmp_path])


def test_globs_are_expanded_and_nothing_found_is_an_error(tmp_path: Path):
    write(tmp_path / "a" / "x.csv", TWEETS)
    write(tmp_path / "b" / "y.csv", TWEETS)

    assert len(open_sets([str(tmp_path / "*" / "*.csv")])) == 2
    with pytest.raises(SettingsError, match="found nothing"):
        open_sets([str(tmp_path / "*.json")])


def test_pipes_and_broken_links_are_passed_over(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "t.csv", TWEETS)

    (one,) = open_sets([tmp_path])

    assert len(one.members) == 1


def test_photos_inside_a_zip_are_asked_to_be_unpacked(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "a.png")

    with pytest.raises(UnknownFormat, match="unpack"):
        open_sets([tmp_path / "x.zip"])


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv", "C:\\evil.csv"])
def test_a_member_that_is_named_like_a_path_is_read_and_written_nowhere(
    tmp_path: Path, name: str
):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    with zipfile.ZipFile(inside / "x.zip", "w") as archive:
        archive.writestr(name, TWEETS)

    (one,) = open_sets([inside / "x.zip"])
    with one.members[0].open() as stream:
        assert stream.read() == TWEETS.encode()

    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [inside / "x.zip"]
    assert not Path("/tmp/evil.csv").exists()


def test_a_bomb_is_stopped():
    content = io.BufferedReader(io.BytesIO(b"a" * 1_000_000))
    stream = io.BufferedReader(Unpacked(content, 1_000, checked_from=100_000), 10_000)

    assert len(stream.read(240_000)) == 240_000
    with pytest.raises(DamagedFileError, match="unpacks to too much"):
        stream.read(100_000)
    stream.close()


def test_a_damaged_zip_says_so(tmp_path: Path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 50)

    with pytest.raises(SourceError, match="damaged"):
        open_sets([path])


STARTS = st.sampled_from(
    [
        b"",
        b"{",
        b"[",
        b"[{",
        b'{"a": 1}\n',
        b"PAR1",
        b"\x1f\x8b",
        b"PK\x03\x04",
        b"\xfd7zXZ\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xff\xd8\xff",
        b"a,b\n",
        b'"',
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(start=STARTS, rest=st.binary(max_size=120), name=st.sampled_from(["x", "x.jpg"]))
def test_any_bytes_are_told_or_refused(
    tmp_path: Path, start: bytes, rest: bytes, name: str
):
    path = tmp_path / name
    path.write_bytes(start + rest)

    try:
        told = sniff(path).format
    except SourceError as error:
        told = str(error)

    assert told in FORMATS or str(path) in told
