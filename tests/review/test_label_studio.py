"""Label Studio: what goes out comes back as verdicts, bad tasks aside."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.errors import SettingsError, UnknownFormat
from trendlab.review import SELECTION, export_label_studio, import_label_studio
from trendlab.schemas import TABLES

HOME = Path("/data/home")


def selected(**more: Any) -> dict[str, Any]:
    return {
        "source": "net", "post_id": "p1", "media_index": 0, "path": "photos/a b.jpg",
        "garment_index": 0, "category": "skirt", "score": 0.8, "x_px": 10.0,
        "y_px": 20.0, "width_px": 30.0, "height_px": 40.0, "image_width_px": 100,
        "image_height_px": 200, "model_name": "m", "model_version": "1",
        "selected_by": "random", "inclusion_probability": 0.25, **more,
    }  # fmt: skip


TWO = [
    selected(),
    selected(garment_index=1, category="bag", x_px=60.0, score=0.4),
]


def selection(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows or TWO), schema=SELECTION)


def reviewed(task: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Copy the prediction into an annotation, as Label Studio does on submitting."""
    result = copy.deepcopy(task["predictions"][0]["result"])
    for region in result:
        region["id"] += "#anno1"
    annotation = {
        "id": 7, "completed_by": 3, "was_cancelled": False, "result": result,
        "created_at": "2026-01-06T10:00:00.000000Z",
        "updated_at": "2026-01-06T10:05:00.000000Z", **more,
    }  # fmt: skip
    return {"id": 1, "data": task["data"], "annotations": [annotation]}


def one_task(*rows: dict[str, Any]) -> dict[str, Any]:
    return export_label_studio(selection(*rows), home=HOME).tasks[0]


def verdicts(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
    imported = import_label_studio(json.dumps(list(tasks)))
    assert imported.reviews.schema.equals(TABLES["reviews"].arrow)
    assert imported.refused == []
    return imported.reviews.to_pylist()


def test_a_photo_becomes_a_task_with_boxes_in_percent() -> None:
    export = export_label_studio(selection(), home=HOME, categories=["dress", "bag"])

    assert len(export.tasks) == 1
    task = export.tasks[0]
    assert task["data"]["image"] == "/data/local-files/?d=a%20b.jpg"
    assert export.document_root == HOME / "photos"
    region = task["predictions"][0]["result"][0]
    assert region["value"] == {
        "x": 10.0, "y": 10.0, "width": 30.0, "height": 20.0, "rotation": 0,
        "rectanglelabels": ["skirt"],
    }  # fmt: skip
    assert (region["original_width"], region["original_height"]) == (100, 200)
    assert json.loads(json.dumps(export.tasks)) == export.tasks


def test_the_labelling_interface_offers_every_class_and_fits_the_regions() -> None:
    export = export_label_studio(
        selection(selected(category='a<"b&c')), home=HOME, categories=["dress"]
    )

    view = ElementTree.fromstring(export.labelling_config)
    image, labels = view
    assert [label.get("value") for label in labels] == ["dress", 'a<"b&c']
    region = export.tasks[0]["predictions"][0]["result"][0]
    assert (region["from_name"], region["to_name"]) == (labels.get("name"), "image")
    assert labels.get("toName") == image.get("name")
    assert image.get("value") == "$image"


def test_no_photos_give_no_tasks_and_a_valid_interface() -> None:
    export = export_label_studio(SELECTION.empty_table(), home=HOME)

    assert export.tasks == []
    assert ElementTree.fromstring(export.labelling_config).tag == "View"


def test_photos_can_be_put_into_the_tasks() -> None:
    export = export_label_studio(
        selection(), home=HOME, images="embedded", read_bytes=lambda path: b"abc"
    )

    assert export.tasks[0]["data"]["image"] == "data:image/jpeg;base64,YWJj"
    assert export.document_root is None


def test_a_photo_outside_the_document_root_is_refused() -> None:
    with pytest.raises(SettingsError, match="does not hold the photo"):
        export_label_studio(selection(), home=HOME, document_root=Path("/elsewhere"))


def test_an_accepted_prediction_is_correct() -> None:
    rows = verdicts(reviewed(one_task()))

    assert [row["verdict"] for row in rows] == ["correct", "correct"]
    assert rows[0] == {
        "day": date(2026, 1, 6), "source": "net", "post_id": "p1", "media_index": 0,
        "garment_index": 0, "category": "skirt", "verdict": "correct",
        "corrected_category": None, "score": 0.8, "selected_by": "random",
        "inclusion_probability": 0.25, "reviewer": "3",
        "reviewed_at": datetime(2026, 1, 6, 10, 5, tzinfo=UTC), "model_name": "m",
        "model_version": "1",
    }  # fmt: skip


def test_a_changed_label_a_moved_box_and_a_deleted_box_are_told_apart() -> None:
    task = one_task(*TWO, selected(garment_index=2, category="hat", y_px=150.0))
    done = reviewed(task)
    result = done["annotations"][0]["result"]
    result[0]["value"]["rectanglelabels"] = ["dress"]
    result[1]["value"]["x"] = 5.0
    del result[2]

    rows = verdicts(done)

    assert [(row["verdict"], row["corrected_category"]) for row in rows] == [
        ("wrong_category", "dress"),
        ("wrong_box", None),
        ("not_a_garment", None),
    ]


def test_a_box_that_was_nudged_is_still_correct() -> None:
    done = reviewed(one_task())
    done["annotations"][0]["result"][0]["value"]["x"] += 2.0

    assert verdicts(done)[0]["verdict"] == "correct"


def test_boxes_drawn_anew_are_matched_by_overlap_and_added_ones_counted() -> None:
    done = reviewed(one_task())
    result = done["annotations"][0]["result"]
    for region in result:
        region["id"] = "x" + region["id"]
    result.append(copy.deepcopy(result[0]))
    result[2]["value"] |= {"x": 5.0, "y": 80.0, "width": 10.0, "height": 10.0}
    result.append({"type": "choices", "value": {"choices": ["blurred"]}})

    imported = import_label_studio(json.dumps([done]))

    assert imported.reviews["verdict"].to_pylist() == ["correct", "correct"]
    assert imported.added_count == 1


def test_the_newest_annotation_of_a_reviewer_counts_and_reviewers_are_kept_apart() -> (
    None
):
    done = reviewed(one_task(selected()))
    first = done["annotations"][0]
    second = copy.deepcopy(first) | {"updated_at": "2026-01-07T10:00:00Z", "result": []}
    other = copy.deepcopy(first) | {"completed_by": {"id": 9, "email": "m@x.org"}}
    done["annotations"] = [second, first, other]

    rows = verdicts(done)

    assert [(row["reviewer"], row["verdict"]) for row in rows] == [
        ("3", "not_a_garment"),
        ("m@x.org", "correct"),
    ]


def test_bad_tasks_are_refused_with_reasons_and_the_rest_is_read() -> None:
    good = reviewed(one_task(selected()))
    no_garments = copy.deepcopy(good)
    del no_garments["data"]["garments"]
    bad_time = copy.deepcopy(good)
    bad_time["annotations"][0] |= {"created_at": "yesterday"}
    skipped = copy.deepcopy(good)
    skipped["annotations"][0]["was_cancelled"] = True
    open_task = copy.deepcopy(good) | {"annotations": []}
    no_label = copy.deepcopy(good)
    no_label["annotations"][0]["result"][0]["value"]["rectanglelabels"] = []

    tasks = [no_garments, bad_time, "nonsense", skipped, open_task, no_label, good]
    imported = import_label_studio(json.dumps(tasks))

    assert imported.reviews.num_rows == 1
    assert imported.unreviewed_count == 1
    assert [(task.task_index, task.reason) for task in imported.refused] == [
        (0, "task not understood"),
        (1, "annotation not understood"),
        (2, "task not understood"),
        (3, "skipped by the reviewer"),
        (5, "annotation not understood"),
    ]
    assert imported.refused[0].detail == "data.garments: Field required"


def test_no_tasks_give_a_typed_empty_table() -> None:
    assert import_label_studio("[]").reviews.equals(TABLES["reviews"].empty())


@pytest.mark.parametrize("content", ["", "{}", "a,b\n1,2", b"\xff\xfe", "null"])
def test_another_format_is_refused_with_what_to_do(content: str | bytes) -> None:
    with pytest.raises(UnknownFormat, match="export the project as JSON"):
        import_label_studio(content)


BOXES = st.lists(
    st.tuples(
        st.floats(0, 60), st.floats(0, 120), st.floats(1, 40), st.floats(1, 80),
        st.sampled_from(["skirt", "bag", "hat"]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(BOXES)
def test_what_is_accepted_as_it_is_comes_back_correct(boxes: list[tuple]) -> None:
    rows = [
        selected(
            garment_index=n, x_px=x, y_px=y, width_px=w, height_px=h, category=category
        )
        for n, (x, y, w, h, category) in enumerate(boxes)
    ]

    found = verdicts(reviewed(one_task(*rows)))

    assert [row["garment_index"] for row in found] == list(range(len(rows)))
    assert {row["verdict"] for row in found} == {"correct"}
