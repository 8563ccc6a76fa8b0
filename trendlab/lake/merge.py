"""Order of rows, their keys, and the merge of new readings into old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SchemaMismatch
from trendlab.schemas import Table

# Names for the merge's own columns; no declared column starts with an underscore.
_IS_NEW, _POSITION = "_is_new", "_position"


@dataclass(frozen=True)
class Upserted:
    """What an upsert did with the rows given.

    Parameters
    ----------
    added : int
        Rows whose key was not there.
    updated : int
        Rows that replaced an older reading.
    unchanged : int
        Rows that were not newer than what was there, or than another row given.
    """

    added: int
    updated: int
    unchanged: int


def sort_by_key(table: Table, rows: pa.Table, first: Sequence[str] = ()) -> pa.Table:
    """Return rows in the order of `first` and their key, in one chunk a column.

    Raises
    ------
    SchemaMismatch
        If two rows have the same key.
    """
    names = [*first, *(name for name in table.key if name not in first)]
    keys = [(name, "ascending") for name in names]
    ordered = rows.take(pc.sort_indices(rows, sort_keys=keys)).combine_chunks()
    is_again = repeats_key(ordered, names)
    if pc.any(is_again, min_count=0).as_py():
        again = ordered.slice(1).filter(is_again)
        example = {name: again[name][0].as_py() for name in names}
        raise SchemaMismatch(
            f"{table.name}: {', '.join(table.key)} must be unique, "
            f"{again.num_rows} rows repeat one (for example {example!r})"
        )
    return ordered


def repeats_key(ordered: pa.Table, names: Sequence[str]) -> pa.Array:
    """Tell of each row but the first whether it has the key of the row before."""
    count = max(ordered.num_rows - 1, 0)
    result = pa.array([True] * count, pa.bool_())
    for name in names:
        values = ordered[name]
        before, here = values.slice(0, count), values.slice(1)
        equal = pc.fill_null(pc.equal(before, here), False)
        if values.null_count:
            equal = pc.or_(equal, pc.and_(pc.is_null(before), pc.is_null(here)))
        result = pc.and_(result, equal)
    return result


def merge(table: Table, old: pa.Table, new: pa.Table) -> tuple[pa.Table, Upserted]:
    """Merge new rows into old ones by key.

    Parameters
    ----------
    table : Table
    old, new : pyarrow.Table
        With the declared schema; `old` has each key once.

    Returns
    -------
    merged : pyarrow.Table
        The row with the newest `observed_at` of each key. At equal times the old
        row stays; among equal new rows the first given. A table without
        `observed_at` takes the last row given.
    upserted : Upserted

    Notes
    -----
    The result does not depend on the order in which readings with different times
    arrive, so any history of arrivals ends in the same rows. Where the
    newest reading has NULL in a column that its table keeps once it is known, the
    newest that knows the value gives it; while readings agree on that value, the order
    does not matter there either.
    """
    if new.num_rows == 0:
        return old, Upserted(0, 0, 0)
    both = pa.concat_tables([_numbered(old, False), _numbered(new, True)])
    if "observed_at" in table.names:
        preference = [
            ("observed_at", "descending"),
            (_IS_NEW, "ascending"),
            (_POSITION, "ascending"),
        ]
    else:
        preference = [(_IS_NEW, "descending"), (_POSITION, "descending")]
    keys = [(name, "ascending") for name in table.key]
    preference = [item for item in preference if item[0] not in table.key]
    ordered = both.take(pc.sort_indices(both, sort_keys=[*keys, *preference]))
    ordered = ordered.combine_chunks()
    is_best = pc.invert(
        pa.concat_arrays(
            [pa.array([False]), _one_array(repeats_key(ordered, table.key))]
        )
    )
    best = ordered.filter(is_best)
    is_new = best[_IS_NEW]
    if table.kept_once_known and best.num_rows < ordered.num_rows:
        best, is_filled = _with_known(table, ordered, is_best, best)
        # an older reading that knows more changes the row that stays
        is_new = pc.or_(is_new, is_filled)
    taken = int(pc.sum(is_new, min_count=0).as_py())
    added = best.num_rows - old.num_rows
    merged = best.select(table.names)
    return merged, Upserted(added, taken - added, new.num_rows - taken)


def _with_known(
    table: Table, ordered: pa.Table, is_best: pa.Array, best: pa.Table
) -> tuple[pa.Table, pa.Array]:
    """Fill what the best reading of a key does not know from the next that does.

    Parameters
    ----------
    table : Table
    ordered : pyarrow.Table
        All readings, those of a key together, the best first.
    is_best : pyarrow.Array
        True at the first of each key.
    best : pyarrow.Table
        These rows alone.

    Returns
    -------
    filled : pyarrow.Table
    is_filled : pyarrow.Array
        Rows that a reading which was just given had something to add to.
    """
    group = np.cumsum(is_best.to_numpy(zero_copy_only=False)) - 1
    is_new = _one_array(ordered[_IS_NEW]).to_numpy(zero_copy_only=False)
    is_filled = np.zeros(best.num_rows, bool)
    for name in table.kept_once_known:
        values = ordered[name]
        known = _one_array(pc.is_valid(values)).to_numpy(zero_copy_only=False)
        at = np.flatnonzero(known)
        # the first known place of each group; readings of a group stand together
        groups, first = np.unique(group[at], return_index=True)
        places = np.full(best.num_rows, -1)
        places[groups] = at[first]
        lacks = _one_array(pc.is_null(best[name])).to_numpy(zero_copy_only=False)
        filled = lacks & (places >= 0)
        if not filled.any():
            continue
        taken = values.take(pa.array(np.where(places >= 0, places, 0), pa.int64()))
        column = pc.if_else(pa.array(filled), taken, best[name])
        where = best.schema.get_field_index(name)
        best = best.set_column(where, best.schema.field(name), column)
        is_filled |= filled & is_new[np.maximum(places, 0)]
    return best, pa.array(is_filled)


def _numbered(rows: pa.Table, is_new: bool) -> pa.Table:
    return rows.append_column(
        _IS_NEW, pa.repeat(pa.scalar(is_new), rows.num_rows)
    ).append_column(_POSITION, pa.array(range(rows.num_rows), pa.int64()))


def _one_array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values
