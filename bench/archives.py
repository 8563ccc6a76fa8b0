"""Archives of Instagram: records a second of each format, and memory on a large file.

Files are generated; a post has the weight that it has in real exports: eight sizes of
each photo, with their long addresses. Each file is read in a process of its own, on one
core, from the disk to rows; the alternative only parses the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import Row, measure
from trendlab.lake import Lake
from trendlab.sources.base import Accepted, Request
from trendlab.sources.files import open_sets
from trendlab.steps.ingest import ingest_paths

POSTS = 40_000
SAVED_POSTS = 2_000
LARGE_BYTES = 1_000_000_000
SMALL_BYTES = 32_000_000
INGESTED_BYTES = 160_000_000
RATE_TARGET = 20_000
# A page holds 5,000 lines; what is beyond this grows with the file.
GROWTH_TARGET_MB = 64
START = 1_735_689_600
DAYS = 365
SIZES = (1440, 1080, 750, 640, 480, 320, 240, 150)


def address(number: int, size: int) -> str:
    """Give an address as long as those of Instagram's photos."""
    key = f"{number * 2654435761 % 2**64:016x}" * 12
    return f"https://scontent.example/v/t51/{number}_{size}.jpg?stp=dst-jpg&oh={key}"


def item(number: int) -> dict[str, Any]:
    """Give a post as the app's interface does."""
    post_id = (START * 1000 - 1_314_220_021_721 << 23) + number * 8_388_608
    author = number % 5_000
    return {
        "pk": str(post_id),
        "id": f"{post_id}_{author}",
        "code": shortcode(post_id),
        "taken_at": START + number * 7_919 % (DAYS * 86_400),
        "media_type": 1,
        "like_and_view_counts_disabled": number % 20 == 0,
        "like_count": number % 400,
        "comment_count": number % 30,
        "user": {
            "pk": str(author),
            "username": f"author_{author}",
            "full_name": f"Author {author}",
            "is_verified": author % 50 == 0,
            "profile_pic_url": address(author, 150),
        },
        "caption": {"text": f"Look {number}: wool coat, é, 🧥 #ootd #coat @author_7"},
        "location": {"pk": 77, "name": "Paris", "lat": 48.85, "lng": 2.35},
        "image_versions2": {
            "candidates": [
                {"width": size, "height": size, "url": address(number, size)}
                for size in SIZES
            ]
        },
        "usertags": {"in": [{"user": {"pk": "7", "username": "author_7"}}]},
    }


def shortcode(post_id: int) -> str:
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    written = ""
    while post_id:
        post_id, digit = divmod(post_id, 64)
        written = digits[digit] + written
    return written


def seen(number: int) -> dict[str, Any]:
    """Give a line of Zeeschuimer."""
    return {
        "nav_index": f"1:0:{number}",
        "item_id": str(number),
        "timestamp_collected": (START + DAYS * 86_400) * 1000,
        "source_platform": "instagram.com",
        "source_platform_url": "https://www.instagram.com/explore/tags/ootd/",
        "data": item(number),
    }


def kept(number: int) -> dict[str, Any]:
    """Give a line of 4CAT's NDJSON."""
    line = seen(number)
    return {**line.pop("data"), "__import_meta": line}


def table_row(number: int) -> dict[str, Any]:
    """Give a row of 4CAT's CSV."""
    post = item(number)
    return {
        "id": post["code"],
        "timestamp": "2025-01-01 00:00:00",
        "thread_id": post["code"],
        "parent_id": post["code"],
        "url": f"https://www.instagram.com/p/{post['code']}",
        "body": post["caption"]["text"],
        "author": post["user"]["username"],
        "author_id": post["user"]["pk"],
        "author_fullname": post["user"]["full_name"],
        "verified": post["user"]["is_verified"],
        "media_type": "photo",
        "num_media": 1,
        "image_urls": address(number, 1440),
        "media_urls": address(number, 1440),
        "hashtags": "ootd,coat",
        "usertags": "author_7",
        "play_count": "",
        "likes_hidden": "yes" if post["like_and_view_counts_disabled"] else "no",
        "num_likes": post["like_count"],
        "num_comments": post["comment_count"],
        "location_name": "Paris",
        "location_id": 77,
        "location_latlong": "48.85,2.35",
        "location_city": "Paris",
        "unix_timestamp": post["taken_at"],
        "missing_media": "",
    }


def scraped(number: int) -> dict[str, Any]:
    """Give an item of Apify."""
    post = item(number)
    return {
        "id": post["pk"],
        "type": "Image",
        "shortCode": post["code"],
        "caption": post["caption"]["text"],
        "hashtags": ["ootd", "coat"],
        "mentions": ["author_7"],
        "url": f"https://www.instagram.com/p/{post['code']}/",
        "commentsCount": post["comment_count"],
        "latestComments": [],
        "displayUrl": address(number, 1440),
        "images": [],
        "likesCount": post["like_count"],
        "timestamp": datetime.fromtimestamp(post["taken_at"], UTC).isoformat(),
        "childPosts": [],
        "ownerUsername": post["user"]["username"],
        "ownerFullName": post["user"]["full_name"],
        "ownerId": post["user"]["pk"],
        "locationName": "Paris",
        "locationId": "77",
    }


def saved(number: int) -> dict[str, Any]:
    """Give a file of instaloader."""
    post = item(number)
    node = {
        "__typename": "GraphImage",
        "id": post["pk"],
        "shortcode": post["code"],
        "taken_at_timestamp": post["taken_at"],
        "display_url": address(number, 1440),
        "display_resources": [{"src": address(number, size)} for size in SIZES[:3]],
        "owner": {"id": post["user"]["pk"], "username": post["user"]["username"]},
        "edge_media_to_caption": {"edges": [{"node": post["caption"]}]},
        "edge_media_preview_like": {"count": post["like_count"]},
        "edge_media_to_comment": {"count": post["comment_count"]},
    }
    return {"node": node, "instaloader": {"version": "4.14", "node_type": "Post"}}


def write_lines(path: Path, records: Iterable[Any]) -> None:
    with path.open("w") as file:
        file.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in records)


def write_large(path: Path, size: int) -> int:
    """Write lines of Zeeschuimer up to a size; give how many."""
    number = 0
    with path.open("w") as file:
        while file.tell() < size:
            file.writelines(f"{json.dumps(seen(number + n))}\n" for n in range(1_000))
            number += 1_000
    return number


def read(path: str) -> list[int]:
    """Read a path to rows, page by page; give accepted and refused records."""
    counts = [0, 0]
    for files in open_sets([path]):
        source = files.source
        for page in source.fetch(source.plan(Request("bench", files.members), {}), 0):
            for record in source.parse(page):
                counts[not isinstance(record, Accepted)] += 1
    return counts


def ingest(path: str, home: str) -> int:
    """Ingest a path into a new lake; give the accepted records."""
    return ingest_paths(Lake(Path(home)), [path]).total("accepted_count")


def parse_lines(path: str) -> int:
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        return sum(1 for line in file if json.loads(line))


def parse_list(path: str) -> int:
    return len(json.loads(Path(path).read_bytes()))


def parse_table(path: str) -> int:
    with Path(path).open(newline="") as file:
        return sum(1 for row in csv.DictReader(file) if row)


def parse_folder(path: str) -> int:
    return sum(
        1 for file in sorted(Path(path).iterdir()) if json.loads(lzma.open(file).read())
    )


def write_all(folder: Path, posts: int, files: int) -> dict[str, tuple[str, int, str]]:
    """Write an archive of each format: name → path, records, who parses it."""
    numbers = range(posts)
    lines = "bench.archives:parse_lines"
    write_lines(folder / "z.ndjson", map(seen, numbers))
    packed = folder / "z.ndjson.gz"
    packed.write_bytes(gzip.compress((folder / "z.ndjson").read_bytes(), 6))
    write_lines(folder / "4.ndjson", map(kept, numbers))
    with (folder / "4.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(table_row(0)))
        table.writeheader()
        table.writerows(map(table_row, numbers))
    write_lines(folder / "a.jsonl", map(scraped, numbers))
    (folder / "a.json").write_text(json.dumps([scraped(n) for n in numbers], indent=1))
    (folder / "saved").mkdir()
    for number in range(files):
        content = json.dumps(saved(number), separators=(",", ":")).encode()
        name = f"2025-01-01_{number:06}_UTC.json.xz"
        (folder / "saved" / name).write_bytes(lzma.compress(content))
    return {
        "Zeeschuimer NDJSON": (str(folder / "z.ndjson"), posts, lines),
        "Zeeschuimer NDJSON in gzip": (str(packed), posts, lines),
        "4CAT NDJSON": (str(folder / "4.ndjson"), posts, lines),
        "4CAT CSV": (str(folder / "4.csv"), posts, "bench.archives:parse_table"),
        "Apify JSON lines": (str(folder / "a.jsonl"), posts, lines),
        "Apify JSON list": (str(folder / "a.json"), posts, "bench.archives:parse_list"),
        "instaloader JSON.XZ, a file a post": (
            str(folder / "saved"),
            files,
            "bench.archives:parse_folder",
        ),
    }


def rate_rows(folder: Path, scale: float) -> Iterator[Row]:
    posts, files = max(int(POSTS * scale), 100), max(int(SAVED_POSTS * scale), 20)
    for name, (path, count, parser) in write_all(folder, posts, files).items():
        ours, theirs = measure("bench.archives:read", path), measure(parser, path)
        assert ours.value == [count, 0], f"{name}: {ours.value}"
        assert theirs.value == count
        rate = count / ours.cpu_seconds
        is_plain = "XZ" not in name
        yield Row(
            name=f"{name}, {count:,} posts to rows",
            ours=f"{rate:,.0f}/s",
            alternative=f"parsed only {count / theirs.cpu_seconds:,.0f}/s",
            ratio=ours.cpu_seconds / theirs.cpu_seconds,
            peak_mb=ours.peak_mb,
            target=f"≥ {RATE_TARGET:,}/s" if is_plain else "",
            is_met=rate >= RATE_TARGET if is_plain else None,
        )


def memory_rows(folder: Path, scale: float) -> Iterator[Row]:
    """Give the peak on a large file against that on a small one."""
    for what, size in (("read", LARGE_BYTES), ("ingested", INGESTED_BYTES)):
        small, large = folder / f"small-{what}", folder / f"large-{what}"
        write_large(small, int(SMALL_BYTES * scale))
        count = write_large(large, int(size * scale))
        done = []
        for path in (small, large):
            if what == "read":
                done.append(measure("bench.archives:read", str(path)))
            else:
                home = str(folder / f"lake-{path.name}")
                done.append(measure("bench.archives:ingest", str(path), home))
        at_small, at_large = done
        growth = at_large.peak_mb - at_small.peak_mb
        is_promised = what == "read"
        yield Row(
            name=f"Zeeschuimer NDJSON of {large.stat().st_size / 1e6:,.0f} MB {what}",
            ours=f"{count / at_large.cpu_seconds:,.0f}/s",
            alternative=(
                f"{small.stat().st_size / 1e6:,.0f} MB peak at {at_small.peak_mb:,.0f}"
            ),
            ratio=None,
            peak_mb=at_large.peak_mb,
            target=f"≤ {GROWTH_TARGET_MB} MB more" if is_promised else "",
            is_met=growth <= GROWTH_TARGET_MB if is_promised else None,
        )
        large.unlink()


def rows(scale: float) -> Iterator[Row]:
    """Give the rows of this benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        yield from rate_rows(Path(folder), scale)
    with tempfile.TemporaryDirectory() as folder:
        yield from memory_rows(Path(folder), scale)


if __name__ == "__main__":
    from bench.run import table

    print(table(list(rows(1.0))))
