"""A case is sealed, tells what was done to it, and loses who was forgotten."""

from __future__ import annotations

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.builders import table
from tests.steps.forgetting import (
    DAY,
    HANDLE,
    NEXT,
    NOW,
    build_home,
    context_of,
    traces_in,
)
from trendlab.cases import append_entry, write_entries
from trendlab.cases.signing import read_private_key, sign_entries
from trendlab.errors import CaseError, SettingsError
from trendlab.lake import Lake
from trendlab.lake.copies import read_copy
from trendlab.privacy import Author
from trendlab.schemas import TABLES
from trendlab.steps.case import check_case, create_case, known_cases, partial_of
from trendlab.steps.case_redaction import redact_case
from trendlab.steps.exports import note_export
from trendlab.steps.forget import forget_author
from trendlab.steps.order import run_steps


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a case in its default place."""
    home = build_home(tmp_path_factory.mktemp("made") / "home")
    create_case(context_of(home), "coats", DAY, NEXT)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def case_of(home: Path) -> Path:
    (folder,) = (home / "cases").iterdir()
    return folder


def verify(home: Path, head: str | None = None):
    return check_case(home, case_of(home), head)


def rewrite(path: Path, content: str) -> None:
    path.chmod(0o644)
    path.write_text(content)


def test_a_case_holds_what_the_tracker_held(made):
    folder = case_of(made)

    def ids(name: str, column: str) -> list[str]:
        rows = read_copy(folder / f"{name}.parquet", TABLES[name])
        return sorted(rows[column].to_pylist())

    assert ids("posts", "post_id") == ["b1", "b2", "b3", "c1", "pzub1", "pzub2"]
    assert ids("comments", "comment_id") == ["czub1", "x1", "x2"]
    assert ids("authors", "author_id") == ["c", "did:plc:q7zubr"]
    assert ids("sentiment", "item_id") == ["b3"]
    assert (
        len(set(ids("media", "path"))) == len(list((folder / "media").iterdir())) == 2
    )
    with (folder / "posts.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 6
    page = (folder / "index.html").read_text()
    assert "what a lovely coat" in page
    assert "positive" in page


def test_a_case_holds_every_copy_of_a_post_and_what_is_stored_with_it(tmp_path):
    """The post is counted once; each file's own comments are evidence."""
    lake = Lake(tmp_path / "lake")
    (tmp_path / "trackers.yml").write_text(
        "trackers:\n  - name: coats\n  - name: hats\n"
    )
    for tracker in ("coats", "hats"):
        source = f"tweets__{tracker}"
        here = {"source": source, "lat": 48.85, "lon": 2.35}
        lake.write("posts", DAY, table("posts", [here]), source=source)
        said = [{"source": source, "comment_id": tracker, "text": f"of the {tracker}"}]
        lake.write("comments", DAY, table("comments", said), source=source)
    context = context_of(tmp_path)
    run_steps(context, ["match"], DAY, DAY)

    folder = create_case(context, "hats", DAY, DAY).folder

    matched, posts, comments = (
        read_copy(folder / f"{name}.parquet", TABLES[name])
        for name in ("tracker_posts", "posts", "comments")
    )
    assert matched["source"].to_pylist() == ["tweets__coats"]
    assert posts["source"].to_pylist() == ["tweets__coats", "tweets__hats"]
    assert sorted(comments["text"].to_pylist()) == ["of the coats", "of the hats"]
    page = (folder / "index.html").read_text()
    assert (page.count("paris"), page.count("unknown")) == (2, 0)


def test_an_untouched_case_passes_and_is_read_only(made):
    verdict = verify(made)

    assert verdict.faults == []
    assert verdict.files_count == 12
    files = [path for path in case_of(made).rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}


def test_every_changed_missing_and_added_file_is_named(home):
    folder = case_of(home)
    rewrite(folder / "posts.csv", "nothing")
    (folder / "comments.parquet").unlink()
    (folder / "more.txt").write_text("more")
    photo = next((folder / "media").iterdir())
    photo.unlink()
    photo.symlink_to(home / "media" / "one.jpg")

    faults = verify(home).faults

    assert sorted(faults) == sorted(
        [
            "changed: posts.csv",
            "missing: comments.parquet",
            "added: more.txt",
            f"changed: media/{photo.name}",
        ]
    )


def test_a_manifest_that_was_written_anew_is_told_by_the_head_in_the_home(home):
    folder = case_of(home)
    rewrite(folder / "manifest.jsonl", "")
    assert "sealed" in verify(home).faults[0]

    entries = append_entry([], "sealed", files=0)
    write_entries(folder, entries)

    assert any("written anew" in fault for fault in verify(home).faults)


def test_a_head_that_was_noted_must_be_in_the_chain(made):
    head = verify(made).head

    assert verify(made, head).faults == []
    assert any("0000" in fault for fault in verify(made, "0000").faults)


def test_forget_redacts_the_case_and_verify_names_it(home):
    before = verify(home).head

    forget_author(context_of(home), "photos", "@" + HANDLE, with_steps=False)

    verdict = verify(home, before)
    assert traces_in(home) == []
    assert verdict.faults == []
    (told,) = verdict.redactions
    assert told.startswith("redacted 2026-02-01: an author was forgotten")
    assert "3 of posts" in told
    assert "2 of comments" in told
    posts = read_copy(case_of(home) / "posts.parquet", TABLES["posts"])
    assert posts["post_id"].to_pylist() == ["b1", "b3", "c1"]
    assert [path.name for path in (case_of(home) / "media").iterdir()]
    # a second time there is nothing to redact
    forget_author(context_of(home), "photos", "@" + HANDLE, with_steps=False)
    assert len(verify(home).redactions) == 1


def test_a_case_that_was_away_is_redacted_when_it_is_back(home, tmp_path):
    folder = case_of(home)
    away = tmp_path / "away"
    shutil.move(folder, away)

    report = forget_author(context_of(home), "photos", HANDLE, with_steps=False)
    assert any("case not found" in note for note in report.notes)
    shutil.move(away, folder)
    forget_author(context_of(home), "photos", HANDLE, with_steps=False)

    assert traces_in(home) == []
    assert len(verify(home).redactions) == 1


@pytest.mark.parametrize("is_told", [True, False])
def test_a_redaction_that_was_cut_off_is_ended_by_the_next(home, is_told):
    folder = case_of(home)
    author = Author("photos", frozenset(), frozenset({HANDLE}))
    whole = home / "whole"
    shutil.copytree(folder, whole)
    entries = redact_case(whole, author, "f" * 32, NOW)
    # as a kill leaves it: staged, and told in the chain or not; nothing moved yet
    staged = folder / ".redacting"
    staged.mkdir()
    for one in entries[-1]["files"]:
        shutil.copy2(whole / one["path"], staged)
    if is_told:
        write_entries(folder, entries)
    assert verify(home).faults

    redact_case(folder, author, "f" * 32, NOW)

    assert verify(home).faults == []
    for path in (path for path in whole.rglob("*") if path.is_file()):
        other = folder / path.relative_to(whole)
        assert other.read_bytes() == path.read_bytes()


def test_a_changed_photo_is_not_taken_for_the_one_that_was_stored(tmp_path):
    home = build_home(tmp_path / "home")
    lake = context_of(home).lake
    media = lake.read("media", DAY).to_pylist()
    for one in media:
        one["sha256"] = "0" * 64
    lake.write("media", DAY, TABLES["media"].from_rows(media), source="photos")

    report = create_case(context_of(home), "coats", DAY, NEXT)

    assert report.lost_photos_count == 3
    assert not list((report.folder / "media").iterdir())


def test_what_cannot_be_a_case_is_refused(made):
    context = context_of(made)
    with pytest.raises(SettingsError, match="expected one of all, coats"):
        create_case(context, "boots", DAY, NEXT)
    with pytest.raises(CaseError, match="is there already"):
        create_case(context, "coats", DAY, NEXT)
    later = date(2026, 6, 1)
    with pytest.raises(CaseError, match="holds no posts from 2026-06-01"):
        create_case(context, "coats", later, later + timedelta(days=1))
    assert [path.name for path in (made / "cases").iterdir()] == [f"coats_{DAY}_{NEXT}"]


def keys_of(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a new key pair; return the private and the public file."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private.write_bytes(key.private_bytes(*pem))
    told = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    public.write_bytes(told)
    return private, public


def test_a_signature_says_who_sealed_it_and_outlives_a_redaction(home, tmp_path):
    private, public = keys_of(tmp_path, "sealer")
    _, others = keys_of(tmp_path, "other")
    folder = create_case(
        context_of(home), "coats", DAY, DAY, tmp_path / "case", sign_with=private
    ).folder

    forget_author(context_of(home), "photos", HANDLE, with_steps=False)

    verdict = check_case(home, folder, None, public)
    assert verdict.faults == []
    assert "entries 1 to 14" in verdict.signatures[0]
    assert len(verdict.redactions) == 1
    (fault,) = check_case(home, folder, None, others).faults
    assert "not signed by the key that was given" in fault
    assert traces_in(folder) == []


def test_a_signature_of_another_key_or_chain_does_not_fit(tmp_path):
    private, public = keys_of(tmp_path, "sealer")
    entries = append_entry([], "sealed", files=0)
    signed = sign_entries(entries, read_private_key(private))
    forged = append_entry(
        append_entry(entries, "redacted", rows={}, files=[], removed=[],
                     at="2026-01-01", tombstone="f" * 32),
        "signed",
        **{k: signed[-1][k] for k in ("algorithm", "public_key", "signature")},
    )  # fmt: skip
    (tmp_path / "new").mkdir()
    write_entries(tmp_path / "new", forged)

    faults = check_case(tmp_path, tmp_path / "new", None, public).faults

    assert any("the signature does not fit" in fault for fault in faults)
    assert any("not signed by the key" in fault for fault in faults)


def test_what_is_no_key_is_told_and_not_shown(home, tmp_path):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("hunter2")
    with pytest.raises(CaseError, match="openssl genpkey") as refused:
        create_case(
            context_of(home), "coats", DAY, DAY, tmp_path / "c", sign_with=wrong
        )
    assert "hunter2" not in str(refused.value)
    with pytest.raises(CaseError, match="openssl pkey"):
        check_case(home, case_of(home), None, wrong)
    assert not (tmp_path / "c").exists()


def test_what_a_kill_left_of_a_case_goes_with_its_author(tmp_path):
    home = build_home(tmp_path / "home")
    whole = create_case(context_of(home), "coats", DAY, NEXT).folder
    # as if it had been killed before the rename
    note_export(home, "case", whole)
    whole.rename(partial_of(whole))

    forget_author(context_of(home), "photos", HANDLE, with_steps=False)

    assert traces_in(home) == []
    assert not known_cases(home)


def test_a_case_that_was_cut_off_when_it_was_sealed_is_put_in_its_place(home):
    folder = case_of(home)
    (case,) = known_cases(home)
    # as if it had been killed after its head was noted, before the rename
    folder.rename(partial_of(folder))

    report = forget_author(context_of(home), "photos", HANDLE, with_steps=False)

    assert traces_in(home) == []
    assert not any("not found" in note for note in report.notes)
    assert case_of(home) == folder
    verdict = verify(home, case.remark)
    assert verdict.faults == []
    assert len(verdict.redactions) == 1
    assert [one.remark for one in known_cases(home)] == [verdict.head]


def test_a_case_that_was_cut_off_can_be_made_again(home):
    folder = case_of(home)
    folder.rename(partial_of(folder))

    again = create_case(context_of(home), "coats", DAY, NEXT)

    assert case_of(home) == again.folder == folder
    assert verify(home, again.head).faults == []


def test_what_lies_beside_a_case_that_is_away_is_not_taken_for_it(home, tmp_path):
    folder = case_of(home)
    shutil.copytree(folder, tmp_path / "away")
    folder.rename(partial_of(folder))
    rewrite(partial_of(folder) / "manifest.jsonl", "")

    report = forget_author(context_of(home), "photos", HANDLE, with_steps=False)

    assert any("case not found" in note for note in report.notes)
    assert traces_in(home) == []
