"""Start Airflow on this machine for a look at the DAGs: `make airflow`.

Everything lives in `airflow-home/`; the web page is served on localhost only.
Ctrl-C stops all of it (the whole process group).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TRENDLAB_HOME": os.environ.get("TRENDLAB_HOME", str(ROOT / "data" / "demo")),
    }


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
    running = subprocess.Popen(
        [*airflow, "standalone"], env=environment, start_new_session=True
    )
    print(f"Airflow is starting on http://localhost:{PORT} (Ctrl-C stops it)")
    print(f"user and password: {environment['AIRFLOW_HOME']}/simple_auth_manager_*")

    def stop(*_: object) -> None:
        os.killpg(running.pid, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    running.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
