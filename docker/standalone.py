"""Start Airflow on this machine for a look at the DAGs: `make airflow`.

Everything lives in `airflow-home/`; the web page is served on localhost only.
Ctrl-C stops all of it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = os.environ.get("TRENDLAB_AIRFLOW_PORT", "8080")


def airflow_environment() -> dict[str, str]:
    """Return the environment of a private Airflow that knows our DAGs only."""
    home = ROOT / "airflow-home"
    scripts = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{PORT}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": PORT,
        "AIRFLOW__API__BASE_URL": f"http://localhost:{PORT}",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # one secret for all parts, new at every start: sessions end with it
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TRENDLAB_HOME": os.environ.get("TRENDLAB_HOME", str(ROOT / "data" / "demo")),
    }


# what `airflow standalone` starts, but for its two log servers: those listen on every
# address of the machine, and the logs lie on this disk anyway
COMPONENTS = (
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("api-server",),
    ("triggerer", "--skip-serve-logs"),
)


def main() -> int:
    """Prepare the database and the pool, then run until stopped."""
    environment = airflow_environment()
    airflow = [sys.executable, "-m", "airflow"]
    Path(environment["AIRFLOW_HOME"]).mkdir(exist_ok=True)
    subprocess.run([*airflow, "db", "migrate"], env=environment, check=True)
    subprocess.run(
        [*airflow, "pools", "set", "trendlab_gpu", "1", "one job a GPU"],
        env=environment,
        check=True,
    )
    # each leads a process group of its own, for Airflow's parts start more processes
    running = [
        subprocess.Popen([*airflow, *part], env=environment, start_new_session=True)
        for part in COMPONENTS
    ]
    print(f"Airflow is starting on http://localhost:{PORT} (Ctrl-C stops it)")
    print(f"user and password: {environment['AIRFLOW_HOME']}/simple_auth_manager_*")
    is_asked_to_stop = False

    def stop(*_: object) -> None:
        nonlocal is_asked_to_stop
        is_asked_to_stop = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    ended = None
    while not is_asked_to_stop and ended is None:
        time.sleep(0.5)
        ended = next((one for one in running if one.poll() is not None), None)
    for one in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGTERM)
    for one in running:
        one.wait()
    if ended is not None:
        print(
            f"stopped: {' '.join(ended.args[2:])} ended by itself; its lines tell why"
        )
    return 0 if ended is None else 1


if __name__ == "__main__":
    sys.exit(main())
