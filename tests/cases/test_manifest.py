"""No entry can be changed, taken out, put in or moved without it showing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendlab.cases import (
    MANIFEST_NAME,
    append_entry,
    files_of,
    head_of,
    read_entries,
    verify_case,
    write_entries,
)
from trendlab.errors import CaseError


def chain() -> list[dict]:
    entries = append_entry([], "opened", tracker="coats")
    for name in ("a.csv", "b.csv", "media/c.jpg"):
        entries = append_entry(entries, "file", path=name, sha256=name * 2, bytes=1)
    return append_entry(entries, "sealed", files=3)


def test_what_is_written_is_read(tmp_path):
    write_entries(tmp_path, chain())

    assert read_entries(tmp_path) == chain()
    assert (tmp_path / MANIFEST_NAME).stat().st_mode & 0o777 == 0o444


def test_the_hash_is_of_canonical_json_and_can_be_checked_elsewhere():
    (first, *_) = chain()

    # sha256 of {"entry":1,"kind":"opened","previous":"000…","tracker":"coats"}
    assert first["hash"] == (
        "8a9b55ad62c83581b7d4e284c149342db768bd7f181dc0cb7bfda5490949aa74"
    )


def test_a_redaction_replaces_and_removes_files():
    entries = append_entry(
        chain(),
        "redacted",
        files=[{"path": "a.csv", "sha256": "new", "bytes": 1}],
        removed=["media/c.jpg"],
    )

    assert files_of(entries) == {"a.csv": "new", "b.csv": "b.csvb.csv"}


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_a_line_is_named(tmp_path: Path, data: st.DataObject):
    write_entries(tmp_path, chain())
    path = tmp_path / MANIFEST_NAME
    lines = path.read_text().splitlines()
    at = data.draw(st.integers(0, len(lines) - 1), "line")
    kind = data.draw(st.sampled_from(["value", "away", "twice", "moved", "rubbish"]))
    if kind == "value":
        entry = json.loads(lines[at])
        name = data.draw(st.sampled_from(sorted(entry)))
        entry[name] = data.draw(st.text() | st.integers() | st.none())
        lines[at] = json.dumps(entry)
    elif kind == "away":
        del lines[at]
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "moved":
        lines.append(lines.pop(at))
    else:
        lines[at] = data.draw(st.text(st.characters(exclude_categories=["C"])))
    changed = "\n".join(lines)
    if changed == path.read_text().rstrip("\n"):
        return
    path.chmod(0o644)
    path.write_text(changed)

    is_same = _is_same(changed)
    if is_same:
        assert read_entries(tmp_path) == chain()
    else:
        with pytest.raises(CaseError, match=r"line \d+|not sealed"):
            read_entries(tmp_path)


def _is_same(text: str) -> bool:
    try:
        return [json.loads(line) for line in text.splitlines()] == chain()
    except ValueError:
        return False


def test_a_chain_written_anew_has_another_head(tmp_path):
    noted = head_of(chain())
    write_entries(tmp_path, [*append_entry(chain()[:3], "sealed", files=2)])

    verdict = verify_case(tmp_path, [noted])

    assert any("that was noted is not in the chain" in one for one in verdict.faults)


def test_a_folder_without_a_manifest_is_no_case(tmp_path):
    verdict = verify_case(tmp_path)

    assert "is no case" in verdict.faults[0]


def test_the_check_in_the_documentation_holds_for_every_line(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "cases.md").read_text()
    (check,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    write_entries(tmp_path, chain())
    lines = (tmp_path / MANIFEST_NAME).read_text().splitlines()

    for line in lines:
        exec(check, {"line": line})
    with pytest.raises(AssertionError):
        exec(check, {"line": lines[0].replace("coats", "boots")})
