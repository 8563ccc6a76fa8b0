"""Prints the table of benchmarks.

Run: ``python -m bench.run [names] [--scale 0.01]``
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Iterator
from types import ModuleType

import bench
from bench import Row

HEAD = ("benchmark", "ours", "alternative", "ratio", "peak MB", "target", "met")
OWN = {"run", "measure"}


def benchmarks(names: list[str]) -> Iterator[tuple[str, ModuleType]]:
    """Give the modules that have rows, or those named."""
    known = sorted({each.name for each in pkgutil.iter_modules(bench.__path__)} - OWN)
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no benchmark named {', '.join(unknown)}; there are {known}")
    for name in names or known:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "rows"):
            yield name, module
        elif names:
            sys.exit(f"bench.{name} has no rows(scale): run it by itself")


def cells(row: Row) -> tuple[str, ...]:
    """Format one line."""
    return (
        row.name,
        row.ours,
        row.alternative,
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.peak_mb is None else f"{row.peak_mb:,.0f}",
        row.target,
        {True: "yes", False: "NO", None: ""}[row.is_met],
    )


def table(rows: list[Row]) -> str:
    """Format all lines, as Markdown."""
    lines = [HEAD, *(cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    out = [
        "| " + " | ".join(map(str.ljust, line, widths)) + " |"
        for line in map(list, lines)
    ]
    out.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(out)


def main() -> None:
    """Run benchmarks and print their table."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("names", nargs="*", help="all when none is named")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of the full size, for a trial"
    )
    given = parser.parse_args()
    rows: list[Row] = []
    for name, module in benchmarks(given.names):
        for row in module.rows(given.scale):
            rows.append(row)
            print(f"{name}: {row.name}: {row.ours}", file=sys.stderr, flush=True)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}", end="")
    if hasattr(os, "getloadavg"):
        # above the number of cores, others were at work and times are too long
        print(f", load {os.getloadavg()[1]:.1f}", end="")
    print("" if given.scale == 1 else f", scale {given.scale:g}: targets do not count")
    print(table(rows))
    if given.scale == 1 and any(row.is_met is False for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
