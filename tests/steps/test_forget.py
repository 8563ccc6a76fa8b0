"""An author is erased everywhere, stays away, and a kill changes nothing of that."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import row, table
from tests.steps.forgetting import (
    CAPTION,
    DAY,
    HANDLE,
    ID,
    KILLED,
    NOW,
    OLD_HANDLE,
    build_home,
    context_of,
    state_of,
    traces_in,
)
from trendlab.errors import PrivacyError, SettingsError
from trendlab.lake import Lake
from trendlab.privacy import tombstones
from trendlab.schemas import TABLES
from trendlab.steps.forget import forget_author, preview_forget
from trendlab.steps.forget_plan import quotes_of
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.keys import draw_key
from trendlab.steps.media_rows import row_with_photo
from trendlab.steps.media_store import PhotoStore, photo_name

HEADER = "post_id,created_at,author_id,author_handle,caption\n"
MAPPING = """trackers:
  - name: coats
    hashtags: [coat]
mappings:
  given:
    source: photos
    columns: {post_id: post_id, created_at: created_at, author_id: author_id,
      author_handle: author_handle, caption: caption}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("built") / "home")


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def without(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after Ana was forgotten, to look at."""
    home = tmp_path_factory.mktemp("without") / "home"
    shutil.copytree(built, home)
    (home / "lines.txt").write_text("\n".join(forget(home)))
    return home


@pytest.fixture
def later(without: Path, tmp_path: Path) -> Path:
    """The same, to go on with."""
    shutil.copytree(without, tmp_path / "home")
    return tmp_path / "home"


def forget(home: Path, name: str = "@" + HANDLE) -> list[str]:
    report = forget_author(context_of(home), "photos", name, with_steps=False)
    return report.lines()


def read(home: Path, name: str) -> list[dict]:
    lake = Lake(home / "lake")
    days = lake.days(name)
    return lake.read_range(name, days[0], days[-1]).to_pylist()


def test_no_byte_of_the_author_is_left_in_any_file(built, without):
    assert len(traces_in(built)) > 20
    assert traces_in(without) == []
    assert not list((without / "lake" / ".pending").glob("*"))


def test_what_others_wrote_stays_without_the_name(without):
    posts = {one["post_id"]: one for one in read(without, "posts")}
    assert set(posts) == {"b1", "b3", "c1"}
    assert posts["b1"]["caption"] == (
        "with @[forgotten] and @eve, see https://photos.example/[forgotten]/ now"
    )
    assert posts["b1"]["mentions"] == ["eve"]
    assert posts["b3"]["caption"] == "what a lovely coat"
    assert posts["b3"]["reply_to_id"] is None
    (comment,) = read(without, "comments")
    assert (comment["text"], comment["parent_id"]) == ("ask @[forgotten]", None)
    (author,) = read(without, "authors")
    assert author["biography"] == "friend of @[forgotten]"


def test_what_files_of_other_trackers_hold_of_the_authors_posts_goes_too(tmp_path):
    """Ana's post is stored for coats; a repost, an answer, comments for hats alone."""
    home = tmp_path / "home"
    lake = Lake(home / "lake")
    here = {"source": "photos__hats", "day": DAY}
    ben = {**here, "author_id": "b", "author_handle": "ben"}
    held = {
        "photos__coats": {
            "posts": [{"source": "photos__coats", "day": DAY, "post_id": "pzub1",
                       "author_id": ID, "author_handle": HANDLE, "caption": CAPTION}],
        },
        "photos__hats": {
            "posts": [
                {**ben, "post_id": "b2", "caption": f"RT: {CAPTION}",
                 "is_repost": True, "repost_of_id": "pzub1"},
                {**ben, "post_id": "b3", "caption": "a hat", "reply_to_id": "pzub1"},
            ],
            "comments": [
                {**ben, "comment_id": "x1", "post_id": "pzub1",
                 "text": "which flea market?"},
                {**ben, "comment_id": "x2", "post_id": "b2", "text": "a quagga?"},
                {**ben, "comment_id": "x3", "post_id": "b3", "text": "a fine hat"},
            ],
        },
    }  # fmt: skip
    for source, tables in held.items():
        for name, rows in tables.items():
            lake.write(name, DAY, table(name, rows), source=source)

    forget(home)

    assert traces_in(home) == []
    assert [one["post_id"] for one in read(home, "posts")] == ["b3"]
    assert [one["comment_id"] for one in read(home, "comments")] == ["x3"]


def test_a_photo_that_another_post_uses_stays(without):
    assert [path.name for path in (without / "media").iterdir()] == ["both.jpg"]


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_photo_of_a_download_that_was_killed_goes_too(home, is_placed):
    lake = Lake(home / "lake")
    media = lake.read("media", DAY).to_pylist()
    (offered,) = [one for one in media if one["path"] == "media/one.jpg"]
    offered |= {"status": "offered", "path": None}
    lake.write("media", DAY, TABLES["media"].from_rows(media), source="photos")
    (home / "media" / "one.jpg").unlink()
    content, sha256 = b"\xff\xd8\xff quagga", "ab" * 32
    name = photo_name(content, sha256)
    store = PhotoStore(home)
    store.keep(content, sha256)
    store.seal(TABLES["media"].from_rows([row_with_photo(offered, name, sha256, NOW)]))
    if is_placed:
        store.place([name])
    assert traces_in(home / "media")

    forget(home)

    left = [path.name for path in (home / "media").rglob("*") if path.is_file()]
    assert left == ["both.jpg"]


def test_a_photo_outside_the_home_is_named_and_not_touched(home, tmp_path):
    outside = tmp_path / "mine.jpg"
    outside.write_bytes(b"photo")
    lake = Lake(home / "lake")
    media = lake.read("media", DAY).to_pylist()
    for one in media:
        if one["path"] == "media/one.jpg":
            one["path"] = str(outside)
    lake.write("media", DAY, table("media", media), source="photos")

    lines = forget(home)

    assert outside.exists()
    assert any("1 photos lie outside" in line for line in lines)


def test_refused_records_stay_counted_and_say_nothing(without):
    mine, bens = sorted(read(without, "quarantine"), key=lambda one: one["row_number"])
    assert (mine["payload"], mine["detail"]) == ("[erased]", None)
    assert mine["path"] == "in/[forgotten]_2026.json"
    assert bens["payload"] == '{"user": "ben"}'


def test_alerts_keep_what_is_of_others(without):
    (alert,) = read(without, "alerts")
    assert alert["body"] == (
        'WHY\n- [erased]\n- "what a lovely coat"\n'
        "WHO AND WHERE\nAbove their usual: [forgotten] 40%, ben 20%."
    )
    assert alert["body"] in (without / "alerts" / "2026-01-05_x.txt").read_text()
    line = json.loads((without / "alerts" / "alerts.jsonl").read_text())
    assert line["body"] == alert["body"]


def test_lists_lose_their_rows_and_reports_go(without):
    assert (without / "read.csv").read_text().count("photos") == 1
    (task,) = json.loads((without / "tasks.json").read_text())
    assert task["data"]["post_id"] == "b3"
    assert not list((without / "reports").iterdir())
    assert "report removed" in (without / "lines.txt").read_text()


def test_a_preview_counts_and_changes_nothing(home):
    before = state_of(home)

    lines = preview_forget(context_of(home), "photos", ID).lines()

    assert state_of(home) == before
    assert "posts: 3 rows would be erased, 2 rows of others would be changed" in lines


def test_a_mistyped_source_is_told(home):
    said = "nobody of this name has posts, comments or a profile"
    right = preview_forget(context_of(home), "photos", f"@{HANDLE}").lines()
    wrong = preview_forget(context_of(home), "fotos", f"@{HANDLE}").lines()
    assert not any(said in line for line in right)
    assert any(said in line or "holds nothing" in line for line in wrong)


@pytest.mark.parametrize("name", [HANDLE.upper(), ID, OLD_HANDLE])
def test_any_name_of_the_author_gives_the_same_end(home, name):
    forget(home, name)

    assert traces_in(home) == []


def test_doing_it_again_changes_nothing(later):
    once = state_of(later)

    lines = forget(later)

    assert state_of(later) == once
    assert "the lake holds nothing of this author" in lines


POINTS = ("noted", "tombstones", "part of posts", "photos", "exports")


def test_a_kill_anywhere_and_a_second_run_end_in_the_same_state(tmp_path, built):
    home = tmp_path / "home"
    shutil.copytree(built, home)
    # the key is drawn at random, so all homes begin with the same
    draw_key(home / "keys" / "tombstones.key")

    done = subprocess.run(
        [sys.executable, "-m", "tests.steps.forgetting", str(home), *POINTS],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert done.stdout.splitlines() == [f"{point}: [{KILLED}, 0]" for point in POINTS]
    forget(home)
    undisturbed = state_of(home)
    for point in POINTS:
        assert state_of(Path(f"{home} {point}")) == undisturbed, point


def test_somebody_who_is_not_there_is_kept_out_all_the_same(tmp_path):
    home = tmp_path / "home"
    context = context_of(home)

    forget_author(context, "photos", HANDLE, with_steps=False)

    tombstones = context.lake.read_flat("tombstones").to_pylist()
    assert [(one["identity_kind"], one["is_id_known"]) for one in tombstones] == [
        ("author_id", None),
        ("handle", False),
    ]
    assert (home / "keys" / "tombstones.key").stat().st_mode & 0o777 == 0o600


def test_a_handle_of_two_authors_is_asked_about(home):
    lake = Lake(home / "lake")
    other = row("authors", source="photos", day=DAY, author_id="z9", handle=HANDLE)
    lake.upsert("authors", DAY, table("authors", [other]), source="photos")
    before = state_of(home)

    with pytest.raises(PrivacyError, match=r"2 authors of photos.*give the id"):
        forget(home)

    assert {k: v for k, v in state_of(home).items() if "key" not in k} == before


def test_a_source_with_a_tracker_is_refused(home):
    with pytest.raises(SettingsError, match="without __"):
        forget_author(context_of(home), "photos__coats", HANDLE)


def ingested(home: Path, *lines: str, name: str = "new.csv"):
    (home / "trackers.yml").write_text(MAPPING)
    path = home.parent / name
    path.write_text(HEADER + "".join(line + "\n" for line in lines))
    context = context_of(home)
    report = ingest_paths(
        context.lake,
        [path],
        trackers=context.trackers,
        mapping="given",
        clock=lambda: NOW,
    )
    return report.sets[0]


AT = "2026-01-08T10:00:00Z"


def test_the_author_does_not_come_back(later):
    done = ingested(
        later,
        f"n1,{AT},{ID},new.name,a coat by id",
        f"n2,{AT},,{HANDLE},a coat by handle",
        f"pzub1,{AT},,,a coat whose author is not told",
        f"n3,{AT},b,ben,with @{HANDLE} again https://x.example/{ID} #coat",
    )

    assert (done.read_count, done.accepted_count, done.forgotten_count) == (4, 1, 3)
    assert done.reasons == [("forgotten", 3)]
    assert traces_in(later) == []
    refused = [one for one in read(later, "quarantine") if one["reason"] == "forgotten"]
    assert [one["payload"] for one in refused] == ["", "", ""]
    (book,) = [one for one in read(later, "ingests") if one["read_count"] == 4]
    assert (book["rejected_count"], book["forgotten_count"]) == (3, 3)
    (post,) = [one for one in read(later, "posts") if one["post_id"] == "n3"]
    assert post["caption"] == (
        "with @[forgotten] again https://x.example/[forgotten] #coat"
    )
    assert post["mentions"] == []


def test_who_takes_the_handle_later_is_somebody_else(later, monkeypatch):
    monkeypatch.setattr(tombstones, "ONE_KIND_OF_ID", frozenset({"photos"}))
    done = ingested(
        later,
        f"n1,{AT},z9,{HANDLE},a coat of mine",
        f"n2,{AT},,{HANDLE},a coat of nobody knows whom",
        f"n3,{AT},{ID},other.name,a coat by the id",
    )

    assert (done.accepted_count, done.forgotten_count) == (1, 2)
    (post,) = [one for one in read(later, "posts") if one["post_id"] == "n1"]
    assert (post["author_id"], post["author_handle"]) == ("z9", HANDLE)
    with pytest.raises(PrivacyError, match=r"forgotten before.*the id z9"):
        forget(later)
    forget(later, "z9")
    assert traces_in(later) == []


def test_a_handle_that_is_known_without_an_id_bars_everybody(tmp_path):
    home = tmp_path / "home"
    forget_author(context_of(home), "photos", "@" + HANDLE, with_steps=False)

    done = ingested(home, f"n1,{AT},z9,{HANDLE},a coat", f"n2,{AT},b,ben,a coat")

    assert (done.accepted_count, done.forgotten_count) == (1, 1)


def test_a_bad_record_of_the_author_is_not_kept_either(later):
    done = ingested(
        later,
        f"n1,yesterday,{ID},{HANDLE},{CAPTION}",
        *(f"n{n},{AT},b,ben,a coat" for n in range(2, 9)),
        "n9,yesterday,b,ben,a bad coat",
    )

    assert (done.rejected_count, done.forgotten_count) == (2, 1)
    assert traces_in(later) == []
    assert "a bad coat" in "".join(one["payload"] for one in read(later, "quarantine"))


def test_a_file_of_a_forgotten_author_is_no_wrong_file(later):
    done = ingested(later, *(f"n{n},{AT},{ID},x,a coat" for n in range(30)))
    again = ingested(later, *(f"n{n},{AT},{ID},x,a coat" for n in range(30)))

    assert (done.rejected_count, done.is_failed) == (30, False)
    assert again.is_known


def test_without_its_key_nothing_is_let_in(later):
    key = later / "keys" / "tombstones.key"
    kept = key.read_text()
    key.write_text("00" * 32 + "\n")

    with pytest.raises(PrivacyError, match="not the key that the tombstones"):
        ingested(later, f"n1,{AT},b,ben,a coat")
    key.unlink()
    with pytest.raises(PrivacyError, match="restore it from a copy"):
        ingested(later, f"n1,{AT},b,ben,a coat")

    key.write_text(kept)
    assert ingested(later, f"n1,{AT},b,ben,a coat").accepted_count == 1


def test_a_long_text_is_known_as_alerts_quote_it_and_as_older_ones_did():
    address = "https://photos.example/" + "a" * 100
    words = f"see {address} " + "b" * 200
    # addresses are named, not shown: what is left fits a quote whole
    assert quotes_of(words) == {
        "see (link) " + "b" * 71 + "…",
        "see (link) " + "b" * 72,
    }
    assert quotes_of("a short one") == {"a short one"}
    assert quotes_of(" ") == set()
