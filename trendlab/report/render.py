"""Runs a notebook and writes one HTML file that works offline, on any width.

The notebook is Python in jupytext's percent form. papermill reads .ipynb only, so
it is converted first; nbconvert's stock pages load scripts from the network, so the
body is set in a page of our own, which holds all it needs and names no outside URL.
"""

from __future__ import annotations

import html
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trendlab.errors import ReportError

CELL_SECONDS = 300
# The hash of what a page shows stands before its style.
HEAD_CHARACTERS = 1_000

STYLE = """
:root { --ink: #222; --soft: #5f6670; --line: #e3e6ea; --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 20px 24px 64px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 12px 0 4px; }
h2 { font-size: 1.25rem; margin: 40px 0 4px; padding-top: 12px;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 24px 0 4px; }
p, li { max-width: 46rem; }
p.note, .note { color: var(--soft); font-size: .9rem; }
img, svg { max-width: 100%; height: auto; display: block; }
.narrow { display: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(135px, 1fr));
  gap: 12px; margin: 18px 0; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.card b { display: block; font-size: 1.45rem; line-height: 1.25; }
.card span { color: var(--soft); font-size: .84rem; }
.warn { border-left: 4px solid #e69f00; background: #fff8e8; padding: 8px 14px;
  max-width: 46rem; font-size: .92rem; }
.scroll { overflow-x: auto; margin: 8px 0 4px; }
table { border-collapse: collapse; font-size: .86rem; }
th, td { padding: 5px 7px; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: break-word; min-width: 4.2em; max-width: 22em; }
td.wide { min-width: 9em; }
td.date { white-space: nowrap; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
details { border-bottom: 1px solid var(--line); padding: 6px 0; }
summary { cursor: pointer; }
a { color: var(--blue); }
footer { margin-top: 48px; color: var(--soft); font-size: .84rem; }
@media (max-width: 640px) {
  main { padding: 12px 14px 48px; }
  h1 { font-size: 1.4rem; }
  .wide-figure { display: none; }
  .narrow { display: block; }
}
@media print { h2 { break-after: avoid; } }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="trendlab-shows" content="{shows}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

_SHOWS = re.compile('<meta name="trendlab-shows" content="([0-9a-f]+)">')


def render_notebook(
    notebook: Path,
    out_file: Path,
    *,
    title: str,
    parameters: Mapping[str, Any],
    environment: Mapping[str, str],
    state_folder: Path,
    shows: str = "",
) -> Path:
    """Run a notebook and write its results, without the code, as one HTML file.

    Parameters
    ----------
    notebook : Path
        Python in percent form, with a cell tagged `parameters`.
    out_file : Path
        Appears whole or not at all.
    title : str
        Title of the page.
    parameters : mapping
        Plain values for the parameters cell. They are stored in the executed
        notebook, so no secrets: those go into `environment`.
    environment : mapping
        Variables that the notebook's process gets.
    state_folder : Path
        Where Jupyter, IPython and matplotlib may keep what they cache.
    shows : str
        Hash of all that the page shows, to be given back by `read_shown`.

    Raises
    ------
    ReportError
        If a cell fails; names the cell and its error.
    """
    import jupytext
    import papermill
    from papermill.exceptions import PapermillExecutionError

    out_file.parent.mkdir(parents=True, exist_ok=True)
    profile = state_folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # the kernel warns of its plain local socket at every start, and on a busy machine
    # of the interrupt by which it is shut down; errors of cells come back as results
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 50\n")
    state = {
        "HOME": str(state_folder),
        "IPYTHONDIR": str(state_folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(state_folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(state_folder / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(state_folder / "jupyter-runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": str(state_folder / "matplotlib"),
        "MPLBACKEND": "agg",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    with (
        tempfile.TemporaryDirectory(prefix="report-") as folder,
        changed_environment({**state, **environment}),
    ):
        source = Path(folder) / "report.ipynb"
        executed = Path(folder) / "executed.ipynb"
        for talkative in ("papermill", "traitlets"):
            # what goes wrong is raised; what is left of a closed kernel is no news
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        book = jupytext.read(notebook)
        book.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        jupytext.write(book, source)
        try:
            papermill.execute_notebook(
                str(source),
                str(executed),
                parameters=dict(parameters),
                kernel_name="python3",
                kernel_manager_class=local_kernel(Path(folder)),
                progress_bar=False,
                # written once, at its end: nobody looks at it meanwhile
                request_save_on_cell_execute=False,
                execution_timeout=CELL_SECONDS,
                cwd=folder,
            )
        except RuntimeError as error:
            raise ReportError(
                f"notebook {notebook.name}: its process did not start: {error}"
            ) from error
        except PapermillExecutionError as error:
            raise ReportError(
                f"notebook {notebook.name}, cell {error.cell_index}: "
                f"{error.ename}: {error.evalue}"
            ) from error
        body = notebook_body(executed)
    page = PAGE.format(
        title=html.escape(title), style=STYLE, body=body, shows=html.escape(shows)
    )
    partial = out_file.with_name(f".{out_file.name}.partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(out_file)
    return out_file


def read_shown(page: Path) -> str:
    """Return the hash of what a page shows; "" where there is none, or no page."""
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            found = _SHOWS.search(file.read(HEAD_CHARACTERS))
    except FileNotFoundError:
        return ""
    return "" if found is None else found[1]


def local_kernel(folder: Path) -> type:
    """Return a class of kernel manager that talks over files, not over the network.

    Jupyter's default is TCP on localhost, which other users of the machine can reach
    and which a machine without any network does not have. A class and not an object:
    nbclient shuts down only the kernels of managers that it made itself.

    Parameters
    ----------
    folder : Path
        Short: a socket's path has at most 107 bytes.
    """
    from jupyter_client.manager import AsyncKernelManager

    class FileKernelManager(AsyncKernelManager):  # type: ignore[misc]
        def __init__(self, **given: Any) -> None:
            super().__init__(
                **{
                    **given,
                    "transport": "ipc",
                    "ip": str(folder / "kernel"),
                    "connection_file": str(folder / "kernel.json"),
                }
            )

    return FileKernelManager


def notebook_body(executed: Path) -> str:
    """Return the results of an executed notebook as HTML, without its code."""
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="basic")
    exporter.exclude_input = True
    exporter.exclude_input_prompt = True
    exporter.exclude_output_prompt = True
    exporter.mathjax_url = ""
    exporter.require_js_url = ""
    exporter.anchor_link_text = ""
    book = nbformat.read(executed, as_version=4)
    body, _ = exporter.from_notebook_node(book)
    # stock scripts and styles are for interactive pages; ours has none
    body = re.sub(r"<script\b.*?</script>", "", body, flags=re.DOTALL)
    return re.sub(r"<style\b.*?</style>", "", body, flags=re.DOTALL)


@contextmanager
def changed_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, which the notebook's process inherits."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
