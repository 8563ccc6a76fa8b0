"""A small home in which Ana is everywhere, and what is left of her after `forget`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.builders import row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.context import open_context
from trendlab.steps.exports import note_export
from trendlab.steps.forget import forget_author
from trendlab.steps.step import Context

DAY = date(2026, 1, 5)
NEXT = DAY + timedelta(days=1)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 3, tzinfo=UTC)
# words that stand nowhere by chance
ID, HANDLE, OLD_HANDLE = "did:plc:q7zubr", "zubrowka.ana", "zubrowkini"
CAPTION = "my quagga coat from the flea market"
TRACES = (ID, "zubrowka", "zubrowkini", "quagga", "pzub1", "czub1", "flea market")

KILLED = 7

TRACKERS = "trackers:\n  - name: coats\n    hashtags: [coat]\n"


def post(post_id: str, author: str, handle: str, caption: str, **more: Any) -> dict:
    own = {
        "source": "photos",
        "post_id": post_id,
        "author_id": author,
        "author_handle": handle,
        "caption": caption,
        "hashtags": ["coat"],
        "created_at": NOON,
        "day": DAY,
        "likes_count": 3,
    }
    return row("posts", **{**own, **more})


POSTS = [
    post("pzub1", ID, HANDLE, CAPTION, url=f"https://photos.example/{HANDLE}/pzub1"),
    post("pzub2", ID, OLD_HANDLE, "a great quagga hat", day=NEXT, created_at=NOON
         + timedelta(days=1)),
    post("b1", "b", "ben", f"with @{HANDLE} and @eve, see "
         f"https://photos.example/{HANDLE}/ now", mentions=[HANDLE, "eve"]),
    post("b2", "b", "ben", f"RT: {CAPTION}", is_repost=True, repost_of_id="pzub1"),
    post("b3", "b", "ben", "what a lovely coat", reply_to_id="pzub1"),
    post("c1", "c", "eve", "an awful coat", day=NEXT,
         created_at=NOON + timedelta(days=1)),
]  # fmt: skip


def rows_of_home() -> dict[str, list[dict]]:
    """Return the rows of each table; those without `source` are of the day."""
    mine = {"source": "photos", "day": DAY, "post_id": "pzub1"}
    theirs = {**mine, "post_id": "b3"}
    return {
        "posts": POSTS,
        "comments": [
            row("comments", **mine, comment_id="x1", author_id="b",
                author_handle="ben", text="where is this quagga coat from?"),
            row("comments", **theirs, comment_id="czub1", author_id=ID,
                author_handle=HANDLE, text="flea market!"),
            row("comments", **theirs, comment_id="x2", author_id="c",
                author_handle="eve", text=f"ask @{HANDLE}", parent_id="czub1"),
        ],
        "media": [
            row("media", **mine, status="stored", path="media/one.jpg"),
            row("media", **mine, media_index=1, status="stored", path="media/both.jpg"),
            row("media", **theirs, status="stored", path="media/both.jpg"),
        ],
        "engagement": [row("engagement", **mine), row("engagement", **theirs)],
        "authors": [
            row("authors", source="photos", day=DAY, author_id=ID, handle=HANDLE,
                name="Ana Zubrowka", biography="quagga fan"),
            row("authors", source="photos", day=DAY, author_id="c", handle="eve",
                biography=f"friend of @{OLD_HANDLE}"),
        ],
        "tracker_posts": [
            row("tracker_posts", source="photos", tracker="coats", day=one["day"],
                post_id=one["post_id"], author_id=one["author_id"])
            for one in POSTS
        ],
        "sentiment": [row("sentiment", **theirs, item_id="b3", compound=0.6,
                          label="positive")],
        "garments": [row("garments", **mine), row("garments", **theirs)],
        "garment_tags": [row("garment_tags", **mine)],
        "looks": [row("looks", **mine, vector=[0.0] * 128)],
        "reviews": [row("reviews", **mine)],
        "text_reviews": [row("text_reviews", source="photos", day=DAY,
                             item_id="pzub1")],
        "author_days": [row("author_days", source="photos", day=DAY, author_id=ID,
                            author_handle=OLD_HANDLE)],
        "author_cities": [row("author_cities", source="photos", day=DAY, author_id=ID)],
        "author_homes": [row("author_homes", source="photos", day=DAY, author_id=ID)],
        "influencers": [row("influencers", source="photos", day=DAY, author_id=ID,
                            author_handle=HANDLE)],
        "multi_tracker_authors": [row("multi_tracker_authors", source="photos", day=DAY,
                                      author_id=ID, author_handle=HANDLE)],
        "evidence": [
            row("evidence", day=DAY, evidence_kind="post", rank=1, item="pzub1",
                label=CAPTION),
            row("evidence", day=DAY, evidence_kind="author", rank=1,
                item=f"photos:{ID}", label=HANDLE),
            row("evidence", day=DAY, evidence_kind="post", rank=2, item="b3",
                label="what a lovely coat"),
        ],
        "trend_event_evidence": [
            row("trend_event_evidence", day=DAY, evidence_kind="post", rank=1,
                source="photos", post_id="pzub1"),
            row("trend_event_evidence", day=DAY, evidence_kind="word", rank=1,
                term="coat"),
        ],
        "quarantine": [
            row("quarantine", source="photos", day=DAY, row_number=1,
                path=f"in/{HANDLE}_2026.json",
                payload=json.dumps({"user": HANDLE, "likes": -2}), detail="likes=-2"),
            row("quarantine", source="photos", day=DAY, row_number=2,
                payload='{"user": "ben"}'),
        ],
        "ingests": [row("ingests", source="photos", day=DAY,
                        path=f"in/{HANDLE}_2026.json")],
        "coverage": [row("coverage", source="photos", day=day, tracker="all")
                     for day in (DAY, NEXT)],
        "alerts": [row("alerts", day=DAY, status="sent", title="Negative peak",
                       body=alert_body())],
    }  # fmt: skip


def alert_body() -> str:
    return (
        f'WHY\n- "{CAPTION}" (compound -0.50)\n- "what a lovely coat"\n'
        f"WHO AND WHERE\nAbove their usual: zubrowka. ana 40%, ben 20%."
    )


def build_home(home: Path, without: tuple[str, ...] = ()) -> Path:
    home.mkdir(parents=True)
    (home / "trackers.yml").write_text(TRACKERS)
    lake = Lake(home / "lake")
    for name, rows in rows_of_home().items():
        if name in without:
            continue
        whole = TABLES[name].from_rows(rows)
        for day in sorted(set(whole["day"].to_pylist())):
            part = whole.filter(pc.equal(whole["day"], day))
            by_source = "source" in TABLES[name].partition
            lake.write(name, day, part, source="photos" if by_source else None)
    for name in ("one", "both"):
        (home / "media").mkdir(exist_ok=True)
        (home / "media" / f"{name}.jpg").write_bytes(name.encode())
    alerts = home / "alerts"
    alerts.mkdir()
    (alerts / "2026-01-05_x.txt").write_text(f"Negative peak\n\n{alert_body()}\n")
    line = {"alert_id": "x", "title": "Negative peak", "body": alert_body()}
    (alerts / "alerts.jsonl").write_text(json.dumps(line) + "\n")
    report = home / "reports" / "all-2026-01-05.html"
    report.parent.mkdir()
    report.write_text(f"<p>{HANDLE}</p>")
    texts = home / "read.csv"
    texts.write_text(
        "day,source,item_id,inclusion_probability,text,verdict\n"
        f"2026-01-05,photos,pzub1,1.0,{CAPTION},negative\n"
        "2026-01-05,photos,b3,1.0,what a lovely coat,\n"
    )
    note_export(home, "texts", texts)
    tasks = home / "tasks.json"
    data = [{"data": {"source": "photos", "post_id": own}} for own in ("pzub1", "b3")]
    tasks.write_text(json.dumps(data))
    note_export(home, "photos", tasks)
    return home


def context_of(home: Path) -> Context:
    context = open_context(Settings(home=home), need_trackers=False)
    context.clock = lambda: NOW
    return context


def traces_in(home: Path, traces: tuple[str, ...] = TRACES) -> list[str]:
    """Name the files in which anything of Ana's is left, Parquet decompressed."""
    wanted = [trace.encode() for trace in traces]
    found = []
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            raw += "\n".join(map(repr, pq.read_table(path).to_pylist())).encode()
        said = [trace.decode() for trace in wanted if trace in raw]
        if said:
            found.append(f"{path.relative_to(home)}: {said}")
    return found


def state_of(home: Path) -> dict[str, Any]:
    """Return what the lake holds and all other files, without locks and numbers."""
    lake = Lake(home / "lake")
    state: dict[str, Any] = {}
    for name, declared in TABLES.items():
        if declared.partition:
            for day in lake.days(name):
                state[f"{name} {day}"] = lake.fingerprint(name, day)
        else:
            state[name] = lake.fingerprint(name)
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        if path.suffix != ".parquet" and not path.name.startswith(".lock"):
            state[str(path.relative_to(home))] = path.read_bytes()
    return state


def forget_until(home: Path, last: str | None) -> None:
    """Forget Ana; end at a point as a kill does: nothing is closed or written."""

    def reached(point: str) -> None:
        if point == last:
            os._exit(KILLED)

    forget_author(
        context_of(home), "photos", "@" + HANDLE, with_steps=False, reached=reached
    )
    os._exit(0)


def in_child(home: Path, last: str | None) -> int:
    """Run `forget_until` in a process of its own; return its exit status."""
    child = os.fork()
    if child == 0:
        forget_until(home, last)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Kill a run at each point named, in a home of its own, and run it again."""
    built, *points = sys.argv[1:]
    for point in points:
        home = Path(f"{built} {point}")
        shutil.copytree(built, home)
        ended = [in_child(home, point), in_child(home, None)]
        sys.stdout.write(f"{point}: {ended}\n")


if __name__ == "__main__":
    main()
