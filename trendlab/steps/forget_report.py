"""What an erasure did, table by table; lines to print, without a name."""

from __future__ import annotations

from dataclasses import dataclass, field

# Tables that hold what an author wrote or is, and not only their name.
OWN_TABLES = ("authors", "comments", "posts")


@dataclass
class ForgetReport:
    """What was erased, or would be.

    Parameters
    ----------
    erased, changed : dict of str to int
        Table → rows that went, and rows of others that named the author.
    bare_count : int
        Texts of others with a handle as a bare word, left as they are.
    notes : list of str
    """

    is_preview: bool = False
    erased: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    bare_count: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the lines that the command prints; no name is among them."""
        would = "would be " if self.is_preview else ""
        lines = [
            f"{table}: {self.erased.get(table, 0):,} rows {would}erased, "
            f"{self.changed.get(table, 0):,} rows of others {would}changed"
            for table in sorted({*self.erased, *self.changed})
        ]
        if not lines:
            lines.append("the lake holds nothing of this author")
        elif not any(self.erased.get(table) for table in OWN_TABLES):
            lines.append(
                "nobody of this name has posts, comments or a profile under this "
                "source: if that surprises you, look at the source and the name"
            )
        if self.bare_count:
            lines.append(
                f"{self.bare_count:,} texts of others hold the handle as a bare word "
                "and stay as they are"
            )
        return [*lines, *self.notes]
