"""Kills an ingest at random moments, runs it again, and compares the lake.

Each time: a copy of a home that holds a fifth of the posts already; `trendlab ingest`
of the whole file as a process, SIGKILL at a moment drawn evenly between its taking the
lake's lock and the end of an undisturbed run; the same command again, to its end. All
tables are then compared row by row with those of an undisturbed run.

Run: ``python -m bench.kills [--kills 50] [--seed 1]`` (about ten minutes)
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.archives import START, seen, write_lines
from trendlab.lake import Lake
from trendlab.schemas import TABLES

POSTS = 6_000
# One record in this many is refused, and must be in quarantine once.
BAD_EVERY = 97
# When a record was refused and an ingest ended differs from run to run.
BOOKS = ("ingests", "quarantine")
Rows = dict[str, pl.DataFrame]


def record(number: int) -> dict[str, Any]:
    """Give a line of the file, some of them without a usable time."""
    line = seen(number)
    if number % BAD_EVERY == 0:
        line["data"]["taken_at"] = "yesterday"
    return line


def start(home: Path, path: Path) -> subprocess.Popen[str]:
    """Start an ingest."""
    main = [sys.executable, "-c", "from trendlab.cli import main; main()"]
    return subprocess.Popen(
        [*main, "ingest", str(path), "--home", str(home)],
        env=os.environ | {"TRENDLAB_MAX_REJECTED_SHARE": "0.5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(home: Path, path: Path) -> float:
    """Run an ingest to its end; give the seconds from its lock to its end."""
    process = start(home, path)
    locked_at = wait_for_lock(home, process)
    told, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the ingest failed:\n{told}")
    return time.monotonic() - locked_at


def wait_for_lock(home: Path, process: subprocess.Popen[str]) -> float:
    """Wait until the process has taken the lake's lock; give the moment."""
    holder = home / "lake" / ".lock.holder"
    while process.poll() is None:
        try:
            if holder.read_text().strip() == str(process.pid):
                break
        except FileNotFoundError:
            pass
        time.sleep(0.002)
    return time.monotonic()


def rows_of(home: Path) -> Rows:
    """Return every table that holds rows, sorted, without what tells of the clock."""
    lake = Lake(home / "lake")
    first = datetime.fromtimestamp(START, UTC).date()
    found = {}
    for name, table in TABLES.items():
        if not table.partition:
            rows = pl.DataFrame(lake.read_flat(name))
        else:
            days = [day for day in lake.days(name) if day >= first]
            if not days:
                continue
            rows = pl.DataFrame(lake.read_range(name, days[0], days[-1]))
        if name in BOOKS:
            rows = rows.drop("observed_at")
        if rows.height:
            texts = [
                pl.col(each).cast(pl.String, strict=False)
                for each in table.key
                if each in rows.columns
            ]
            found[name] = rows.sort(texts)
    return found


def difference(seen_rows: Rows, expected: Rows) -> str:
    """Say where two lakes differ; "" where they do not."""
    for name in sorted({*seen_rows, *expected}):
        if name not in seen_rows or name not in expected:
            return f"{name} is in one of them only"
        mine, theirs = seen_rows[name], expected[name]
        if not mine.equals(theirs, null_equal=True):
            wrong = [
                column
                for column in theirs.columns
                if mine.height != theirs.height
                or not mine[column].equals(theirs[column], null_equal=True)
            ]
            return f"{name}: {mine.height} rows for {theirs.height}; {', '.join(wrong)}"
    return ""


def moment(written: set[str], expected: set[str]) -> str:
    """Say where a kill fell, by the files that were new then and are in the end."""
    if not written:
        return "before the first partition"
    return "after the last" if expected <= written else "between partitions"


def files_of(home: Path) -> set[str]:
    """Return the partitions' files, by what they hold: their numbers may differ."""
    return {
        f"{path.parent.relative_to(home)} {path.name.split('-')[2]}"
        for table in TABLES
        if table not in BOOKS
        for path in (home / "lake" / table).glob("day=*/**/part-*.parquet")
    }


def main() -> None:
    """Print what came of it; exit code 1 if a lake differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--posts", type=int, default=POSTS)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory(prefix="trendlab-kills-") as folder:
        base, whole, part = (Path(folder) / name for name in ("base", "all", "part"))
        write_lines(whole, (record(number) for number in range(options.posts)))
        write_lines(part, (record(number) for number in range(options.posts // 5)))
        finish(base, part)
        before = files_of(base)
        reference = Path(folder) / "reference"
        shutil.copytree(base, reference)
        seconds = finish(reference, whole)
        expected = rows_of(reference)
        written = files_of(reference) - before
        print(
            f"undisturbed: {seconds:.1f} s under the lock, "
            + ", ".join(f"{name} {rows.height:,}" for name, rows in expected.items())
        )
        left: Counter[str] = Counter()
        wrong = []
        for number in range(options.kills):
            home = Path(folder) / f"killed-{number}"
            shutil.copytree(base, home)
            process = start(home, whole)
            wait_for_lock(home, process)
            time.sleep(rng.uniform(0, seconds))
            where = "it had ended"
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                where = moment(files_of(home) - before, written)
            left[where] += 1
            process.communicate()
            finish(home, whole)
            differs = difference(rows_of(home), expected)
            print(f"kill {number + 1}: {where}; {differs or 'equal'}", flush=True)
            if differs:
                wrong.append(f"kill {number + 1}: {differs}")
            shutil.rmtree(home)
    print(f"{options.kills} kills: " + ", ".join(f"{n} {k}" for k, n in left.items()))
    print(f"lakes that differ from the undisturbed one: {len(wrong)}")
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
