"""What people should check, and what they said of it.

`select_for_review` chooses photos, `export_label_studio` writes them with their
predicted boxes, `import_label_studio` reads the verdicts back. How to set Label Studio
up is described in `docs/review.md`.
"""

from __future__ import annotations

from trendlab.review.label_studio import LabelStudioExport, export_label_studio
from trendlab.review.selection import SELECTION, select_for_review
from trendlab.review.texts import (
    RefusedRow,
    as_reviews,
    choose_texts,
    read_list,
    write_list,
)
from trendlab.review.verdicts import (
    ImportedReviews,
    RefusedTask,
    import_label_studio,
)

__all__ = [
    "SELECTION",
    "ImportedReviews",
    "LabelStudioExport",
    "RefusedRow",
    "RefusedTask",
    "as_reviews",
    "choose_texts",
    "export_label_studio",
    "import_label_studio",
    "read_list",
    "select_for_review",
    "write_list",
]
