"""SQL over the lake: DuckDB on verified paths, with the declared columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from trendlab.errors import LakeError
from trendlab.lake.replacing import temporary_folder
from trendlab.schemas import Table

# Half of a small machine; beyond it DuckDB spills to the lake's `.tmp`.
MEMORY_LIMIT = "2GB"

# A path is taken as a pattern, so these stand for themselves only in brackets.
_PATTERN_CHARACTERS = re.compile(r"([\[*?])")


@dataclass(frozen=True)
class Span:
    """Days of a table, as a relation of a query; None leaves an end open."""

    table: str
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Files:
    """Verified files of a table, told apart by whether they have all columns."""

    table: Table
    whole: Sequence[Path]
    lacking: Sequence[Path]


def run_query(
    root: Path,
    sql: str,
    relations: Mapping[str, pa.Table | Files],
    params: Mapping[str, Any] | None,
    *,
    threads: int | None,
    memory_limit: str,
) -> pa.Table:
    """Run one query over relations and return its rows.

    Parameters
    ----------
    root : Path
        The lake. The query can read nothing outside it.
    sql : str
        Names relations as tables; values are `$name` parameters.
    relations : mapping
    params : mapping or None
    threads : int or None
        None lets DuckDB use every core.
    memory_limit : str
        For example ``2GB``.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    LakeError
        If DuckDB refuses the query.
    FileNotFoundError
        If a writer replaced a file meanwhile; list the files and run it again.
    """
    with temporary_folder(root, "spill") as spill:
        return _run(root, sql, relations, params, spill, threads, memory_limit)


def _run(
    root: Path,
    sql: str,
    relations: Mapping[str, pa.Table | Files],
    params: Mapping[str, Any] | None,
    spill: Path,
    threads: int | None,
    memory_limit: str,
) -> pa.Table:
    config: dict[str, Any] = {
        # the network stays cut: nothing is downloaded or loaded by itself
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": str(spill),
        "memory_limit": memory_limit,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set python_enable_replacements = false")
        # after two seconds it would be drawn into what a command prints
        connection.execute("set enable_progress_bar = false")
        if not _PATTERN_CHARACTERS.search(str(root)):
            # DuckDB cannot allow a folder whose name it takes for a pattern
            folder = _quoted(f"{root}/")
            connection.execute(f"set allowed_directories = [{folder}]")
            connection.execute("set enable_external_access = false")
        for name, relation in relations.items():
            _add_relation(connection, name, relation)
        connection.execute("set lock_configuration = true")
        rows = connection.sql(sql, params=None if params is None else dict(params))
        return rows.to_arrow_table()
    except duckdb.IOException as error:
        _raise_if_replaced(relations)
        raise LakeError(f"query over {sorted(relations)} failed: {error}") from error
    except duckdb.Error as error:
        raise LakeError(f"query over {sorted(relations)} failed: {error}") from error
    finally:
        connection.close()


def _raise_if_replaced(relations: Mapping[str, pa.Table | Files]) -> None:
    """Raise FileNotFoundError if a writer removed a file that the query needed."""
    for relation in relations.values():
        if isinstance(relation, Files):
            for path in (*relation.whole, *relation.lacking):
                path.stat()


def _add_relation(
    connection: duckdb.DuckDBPyConnection, name: str, relation: pa.Table | Files
) -> None:
    if isinstance(relation, pa.Table):
        connection.register(name, relation)
        return
    columns = ", ".join(_identifier(column) for column in relation.table.names)
    view = f"create temp view {_identifier(name)} as "
    if relation.whole and not relation.lacking:
        connection.execute(f"{view} select {columns} from {_scan(relation.whole)}")
        return
    # the empty table gives the types, and NULL for columns that files lack
    typed = f"{name} (declared)"
    connection.register(typed, relation.table.empty())
    selects = [f"select {columns} from {_identifier(typed)}"]
    if relation.whole:
        selects.append(f"select {columns} from {_scan(relation.whole)}")
    if relation.lacking:
        selects.append(f"select * from {_scan(relation.lacking, is_mixed=True)}")
    connection.execute(view + " union all by name ".join(selects))


def _scan(paths: Sequence[Path], *, is_mixed: bool = False) -> str:
    listed = ", ".join(
        _quoted(_PATTERN_CHARACTERS.sub(r"[\1]", str(path))) for path in paths
    )
    return (
        f"read_parquet([{listed}], hive_partitioning = false, "
        f"union_by_name = {str(is_mixed).lower()})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
