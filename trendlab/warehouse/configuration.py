"""Settings of the embedded server: what differs from the defaults, and why."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "trendlab.conf"
INCLUDE_LINE = f"include '{FILE_NAME}'\n"

SERVER_SETTINGS = {
    # no TCP: works without a network, and nothing to reach from outside
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0777",  # the password is the door
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # no replicas: COPY may skip the log where the table is new
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # a bulk load of two years writes about 1 GB of log; no checkpoint on the way
    "max_wal_size": "2GB",
    # old segments are removed, not reused with what was erased still in them
    "wal_recycle": "off",
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "40",
    # parallel workers share memory in /dev/shm, 64 MB in a default container
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "log_min_messages": "warning",
    # statements hold captions and handles; they stay out of the log
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def write_settings(data: Path, socket_folder: Path) -> None:
    """Write the settings into a data folder whose postgresql.conf includes them.

    Parameters
    ----------
    data : Path
        Data folder of the server.
    socket_folder : Path
        Where it puts its socket.
    """
    settings = {**SERVER_SETTINGS, "unix_socket_directories": f'"{socket_folder}"'}
    lines = ["# written by trendlab at every start; changes are lost"]
    for name, value in settings.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    path = data / FILE_NAME
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
