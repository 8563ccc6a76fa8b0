"""A home keeps pseudonyms from its first record on, with one key."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.steps.forgetting import traces_in
from tests.steps.shop import DAY, START, Service, shop
from trendlab.errors import PrivacyError, SettingsError
from trendlab.settings import read_settings
from trendlab.steps.context import open_context
from trendlab.steps.forget import forget_author
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.live import Asked, LiveIngest
from trendlab.steps.order import run_steps
from trendlab.steps.pseudonyms import open_pseudonyms
from trendlab.steps.step import Context

NOW = datetime(2026, 2, 1, tzinfo=UTC)
KEY, OTHER = "ab" * 32, "cd" * 32
# no number: the digits of a measured time or of a hash may hold any few
TRACES = ("zubrowka", "q4711007u", "Ana Z")
TRACKERS = """trackers:
  - name: ana
    accounts: [zubrowka]
    exclusions:
      - {reason: staff, users: [zubrowka.staff]}
mappings:
  given:
    source: photos
    columns: {post_id: post_id, created_at: created_at, author_id: author_id,
      author_handle: author_handle, author_name: name, caption: caption, url: url}
"""
ROWS = """post_id,created_at,author_id,author_handle,name,caption,url
1,2026-01-05T10:00:00Z,q4711007u,Zubrowka,Ana Z,a coat,https://x.example/zubrowka/1
2,2026-01-05T11:00:00Z,q4711007u,zubrowka,Ana Z,hats https://x.example/zubrowka,
3,2026-01-05T12:00:00Z,5,ben,Ben,with @zubrowka!,
4,2026-01-05T12:00:00Z,6,zubrowka.staff,Staff,ask @zubrowka,
5,2026-01-05T13:00:00Z,7,eve,Eve,nothing of her,
6,yesterday,q4711007u,zubrowka,Ana Z,broken,
"""


def context_of(home: Path, **more: object) -> Context:
    home.mkdir(exist_ok=True)
    if not (home / "trackers.yml").exists():
        (home / "trackers.yml").write_text(TRACKERS)
    settings = read_settings(home, pseudonyms=more.pop("pseudonyms", "keyed"), **more)
    context = open_context(settings)
    context.clock = lambda: NOW
    return context


def ingest(context: Context, rows: str = ROWS, name: str = "given.csv") -> None:
    path = context.home.parent / name
    path.write_text(rows)
    ingest_paths(
        context.lake,
        [path],
        trackers=context.trackers,
        mapping="given",
        clock=context.clock,
        pseudonyms=open_pseudonyms(context.settings, context.lake),
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def left_in(home: Path) -> list[str]:
    """Name files with a trace; the tracker file is people's own."""
    return [one for one in traces_in(home, TRACES) if not one.startswith("trackers")]


def test_no_byte_of_a_name_reaches_a_file(home):
    context = context_of(home)

    ingest(context)

    assert left_in(home) == []
    days = context.lake.days("quarantine")
    (refused,) = context.lake.read("quarantine", days[0]).to_pylist()
    assert (refused["payload"], refused["detail"]) == ("", None)
    assert refused["reason"] == "created_at cannot be read as a time"


def test_matching_by_account_mention_and_excluded_user_works(home):
    context = context_of(home)
    ingest(context)

    run_steps(context, ["match"], None, None)

    day = datetime(2026, 1, 5).date()
    rows = context.lake.read("tracker_posts", day).to_pylist()
    mine = {one["post_id"]: one for one in rows if one["tracker"] == "ana"}
    assert set(mine) == {"1", "2", "3", "4"}
    assert [one for one in mine if mine[one]["is_excluded"]] == ["4"]
    assert len({mine["1"]["author_id"], mine["2"]["author_id"]}) == 1


def test_a_listed_brand_is_one_under_its_pseudonym_too(home):
    home.mkdir()
    brands = "    brands: ['@Zubrowka', '5']\n    exclusions:"
    (home / "trackers.yml").write_text(TRACKERS.replace("    exclusions:", brands))
    context = context_of(home)
    ingest(context)

    run_steps(context, ["match", "activity", "influencers"], None, None)

    rows = context.lake.read("influencers", datetime(2026, 1, 5).date()).to_pylist()
    kinds = [row["author_kind"] for row in rows if row["tracker"] == "ana"]
    assert sorted(kinds) == ["brand", "brand"]  # by handle, and ben by his id
    context.trackers = [context.trackers[0].model_copy(update={"brands": ()})]
    (step,) = run_steps(context, ["influencers"], None, None)
    assert step.computed_count == 1
    rows = context.lake.read("influencers", datetime(2026, 1, 5).date()).to_pylist()
    assert {row["author_kind"] for row in rows} == {"unknown"}


def test_the_key_is_drawn_once_and_is_private(home):
    ingest(context_of(home))
    key = home / "keys" / "pseudonyms.key"

    assert key.stat().st_mode & 0o777 == 0o600
    first = open_pseudonyms(context_of(home).settings, context_of(home).lake)
    assert first is not None
    assert key.read_text().strip() not in repr(first) + repr(context_of(home).settings)
    key.unlink()
    with pytest.raises(PrivacyError, match="restore it from a copy"):
        ingest(context_of(home))


def test_a_key_of_a_variable_or_a_file_is_taken_and_a_changed_one_refused(home):
    ingest(context_of(home, pseudonym_key=KEY))
    file = home.parent / "key"
    file.write_text(KEY + "\n")
    ingest(context_of(home, pseudonym_key_file=file))

    with pytest.raises(PrivacyError, match="were made with the key") as refused:
        ingest(context_of(home, pseudonym_key=OTHER))
    assert OTHER not in str(refused.value)
    assert KEY not in str(refused.value)


def test_wrong_keys_are_misuse_and_not_shown(home):
    with pytest.raises(SettingsError, match="64 hexadecimal digits") as refused:
        ingest(context_of(home, pseudonym_key="hunter2"))
    assert "hunter2" not in str(refused.value)
    with pytest.raises(SettingsError, match="not both"):
        ingest(context_of(home, pseudonym_key=KEY, pseudonym_key_file=home / "x"))


def test_names_and_pseudonyms_do_not_meet_in_one_home(home, tmp_path):
    ingest(context_of(home))
    plain = tmp_path / "plain"
    ingest(context_of(plain, pseudonyms="off"))

    with pytest.raises(PrivacyError, match="set TRENDLAB_PSEUDONYMS=keyed"):
        ingest(context_of(home, pseudonyms="off"))
    with pytest.raises(PrivacyError, match="holds records with names already"):
        ingest(context_of(plain))
    # a caller that does not ask for pseudonyms is stopped at the door
    with pytest.raises(PrivacyError, match="set TRENDLAB_PSEUDONYMS=keyed"):
        ingest_paths(
            context_of(home).lake,
            [home.parent / "given.csv"],
            trackers=context_of(home).trackers,
            mapping="given",
            source="other",
        )


@pytest.mark.parametrize("name", ["@Zubrowka", "q4711007u", "pseudonym"])
def test_forget_takes_the_name_or_the_pseudonym_and_keeps_them_out(home, name):
    context = context_of(home)
    ingest(context)
    pseudonyms = open_pseudonyms(context.settings, context.lake)
    assert pseudonyms is not None
    theirs = pseudonyms.of_handle("zubrowka")
    given = theirs if name == "pseudonym" else name

    report = forget_author(context, "photos", given, with_steps=False)
    ingest(context, ROWS.replace("1,2026", "9,2026"), "more.csv")

    assert report.erased["posts"] == 2
    assert traces_in(home, (theirs, pseudonyms.of_id("q4711007u"))) == []
    posts = context.lake.read("posts", datetime(2026, 1, 5).date()).to_pylist()
    assert {one["post_id"] for one in posts} == {"3", "4", "5"}
    assert posts[0]["caption"] == "with @[forgotten]!"


def test_live_sources_give_pseudonyms_too(home):
    service = Service(clock=lambda: START + 40 * DAY)
    service.put("coat", [START])
    context = context_of(home)
    live = LiveIngest(
        context.lake,
        client_of=service.client_of,
        clock=service.clock,
        pseudonyms=open_pseudonyms(context.settings, context.lake),
    )

    live.ingest(shop(), Asked(hashtags=("coat",)), START, START + DAY)

    (post,) = context.lake.read("posts", START.date()).to_pylist()
    assert post["author_handle"] not in ("ana", None)
    # As a word: a pseudonym of a random key may hold any three letters.
    assert re.search(r"\bana\b", json.dumps(post, default=str)) is None
