"""Writes docs/tables.md and docs/marts.md from the schemas, COMMENTs and questions.

``python -m trendlab.warehouse.reference docs`` writes both files. The marts are
made in a throwaway database, because their comments and types are Postgres's to
tell.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from trendlab import schemas
from trendlab.warehouse import marts
from trendlab.warehouse.access import open_warehouse
from trendlab.warehouse.scripts import read_script, read_scripts

TABLES_HEAD = """# Tables

Generated from `trendlab/schemas` by `make docs`. The lake holds every table as
Parquet, under `<home>/lake/<table>/day=YYYY-MM-DD/`; those marked so are in the
warehouse too, in schema `trendlab`, where analysts cannot read them: they read the
[marts](marts.md). Times are UTC. NULL means not given or not known, never zero.
"""
MARTS_HEAD = """# Marts

Generated from the COMMENTs in `sql/marts` and the questions in `sql/questions` by
`make docs`. These are the views of schema `marts`, which an analyst may read:
`trendlab sql "select …"`, or any SQL client with `trendlab db url`. Times are UTC.
NULL means not given or not known, never zero.
"""
QUESTIONS_HEAD = """## First questions

Ten to begin with, each as it can be asked; change tracker, city and limit to yours.
`trendlab sql --csv "…" > answer.csv` keeps the answer.
"""


def tables_markdown() -> str:
    """Return the text of docs/tables.md."""
    parts = [TABLES_HEAD]
    parts.append("| table | rows | in the warehouse |\n|---|---|---|")
    names = sorted(schemas.TABLES)
    for name in names:
        table = schemas.TABLES[name]
        parts.append(
            f"| [{name}](#{name}) | {_cell(_grain(table.doc))} "
            f"| {'yes' if table.in_warehouse else ''} |"
        )
    parts.append("")
    for name in names:
        parts += _table_section(schemas.TABLES[name])
    return "\n".join(parts).rstrip() + "\n"


def marts_markdown(engine: sa.Engine) -> str:
    """Return the text of docs/marts.md.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of a warehouse whose marts are made.
    """
    with engine.connect() as connection:
        found = connection.execute(sa.text(read_script("schema", "mart_columns")))
        rows = found.all()
    parts = [MARTS_HEAD, *_questions(), "## The marts\n"]
    grains = dict.fromkeys((row.mart, row.mart_comment) for row in rows)
    parts.append("| mart | rows |\n|---|---|")
    parts += [
        f"| [{mart}](#{mart}) | {_cell(_grain(comment))} |" for mart, comment in grains
    ]
    parts.append("")
    for mart, comment in grains:
        columns = [
            (f"`{row.column_name}`", row.column_type, row.column_comment)
            for row in rows
            if row.mart == mart
        ]
        parts += [f"## {mart}", "", comment, ""]
        parts += _markdown_table(("column", "type", "meaning"), columns)
    return "\n".join(parts).rstrip() + "\n"


def _questions() -> list[str]:
    """Return the section of questions; a file's first line asks, the rest answers."""
    parts = [QUESTIONS_HEAD]
    for script in read_scripts("questions").values():
        asked, _, answer = script.partition("\n")
        question = asked.removeprefix("-- ")
        parts.append(f"**{question}**\n\n```sql\n{answer.strip()}\n```\n")
    return parts


def reference_markdown() -> dict[str, str]:
    """Return the reference pages: file name → text.

    Starts an embedded Postgres in a temporary folder and stops it again.
    """
    with tempfile.TemporaryDirectory(prefix="trendlab-") as temporary:
        folder = Path(temporary) / "postgres"
        with open_warehouse(folder) as warehouse:
            try:
                warehouse.prepare(folder)
                marts.create(warehouse.owner)
                marts_page = marts_markdown(warehouse.analyst)
            finally:
                warehouse.close()
                if warehouse.server is not None:
                    warehouse.server.stop()
    return {"tables.md": tables_markdown(), "marts.md": marts_page}


def write_reference(folder: Path) -> list[Path]:
    """Write the reference pages into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in reference_markdown().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _table_section(table: schemas.Table) -> list[str]:
    left_out = ", ".join(f"`{name}`" for name in table.not_in_warehouse)
    notes = [f"Key: {', '.join(f'`{name}`' for name in table.key)}."]
    if table.partition:
        notes.append(f"Partition: {', '.join(table.partition)}.")
    notes.append("In the warehouse." if table.in_warehouse else "In the lake only.")
    if left_out:
        notes.append(f"Not in the warehouse: {left_out}.")
    columns = [
        (
            f"`{column.name}`",
            f"{column.type}{', may be NULL' if column.nullable else ''}",
            f"{column.doc}{_limits(column)}",
        )
        for column in table.columns
    ]
    return [
        f"## {table.name}",
        "",
        table.doc,
        "",
        " ".join(notes),
        "",
        *_markdown_table(("column", "type", "meaning"), columns),
    ]


def _limits(column: schemas.Column) -> str:
    """Return the allowed values or the range of a column, in brackets."""
    if column.allowed:
        return f" ({', '.join(column.allowed)})"
    if column.minimum is not None and column.maximum is not None:
        return f" ({column.minimum:g} to {column.maximum:g})"
    if column.minimum is not None:
        return f" (≥ {column.minimum:g})"
    return ""


def _grain(doc: str) -> str:
    """Return the "one row per …" of a description."""
    start = doc.lower().find("one row per")
    return doc if start < 0 else doc[start:].split(". ")[0].rstrip(".")


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows),
        "",
    ]


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m trendlab.warehouse.reference FOLDER")
    for written in write_reference(Path(sys.argv[1])):
        print(written)
