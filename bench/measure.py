"""Calls one function, and prints its value, time and peak memory as JSON."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path


def peak_mb() -> float:
    """Greatest resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss of Linux also counts the parent at the moment of its fork
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Read ``module:function`` and its arguments from the command line."""
    module, name = sys.argv[1].split(":")
    function = getattr(importlib.import_module(module), name)
    arguments = json.loads(sys.argv[2])
    started, worked = time.perf_counter(), time.process_time()
    value = function(*arguments)
    done = {
        "value": value,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - worked,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(done))


if __name__ == "__main__":
    main()
