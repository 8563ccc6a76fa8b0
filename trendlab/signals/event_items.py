"""Gathers the posts and comments of an event, with their scores and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.words import Tokenize, item_terms

Row = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """Tables that evidence is drawn from.

    Parameters
    ----------
    tracker_posts, posts, sentiment : pyarrow.Table
        Of the event days (neighbouring UTC days for trackers with a time zone).
    comments : pyarrow.Table[comments]
        Of the event days; only dips of comments read it.
    term_days, author_days, activity : pyarrow.Table
        Of the event days and the 28 days before.
    garments : pyarrow.Table[garments]
        Of the event days and, where wanted, the 28 days before; may be empty. Without
        earlier days there is nothing to compare with and no garment is named.
    garment_tracker_posts : pyarrow.Table[tracker_posts]
        tracker_posts of the days that `garments` spans; may be empty.
    tokenize : callable
        Text → words, as for `term_days`.
    """

    tracker_posts: pa.Table
    posts: pa.Table
    sentiment: pa.Table
    comments: pa.Table
    term_days: pa.Table
    author_days: pa.Table
    activity: pa.Table
    garments: pa.Table
    garment_tracker_posts: pa.Table
    tokenize: Tokenize


class EventDay:
    """Rows of one day, looked up by the events of that day."""

    def __init__(self, inputs: Inputs, day: date) -> None:
        self.day = day
        self.inputs = inputs
        self._posts = _by_key(inputs.posts, ("source", "post_id"))
        self._comments = _by_key(inputs.comments, ("source", "comment_id"))
        scores = inputs.sentiment.select(
            ["source", "item_kind", "item_id", "is_scored", "compound", "label"]
        ).to_pylist()
        self._scores = {
            (row["item_kind"], row["source"], row["item_id"]): row for row in scores
        }
        matched = inputs.tracker_posts.filter(
            pc.invert(inputs.tracker_posts["is_excluded"])
        )
        self._matched = matched.select(
            ["day", "tracker", "source", "post_id", "author_id", "city"]
        ).to_pylist()
        self._terms: dict[tuple[str, str, str], list[tuple[str, str]]] = {}

    def items(self, event: Row, item_kind: str) -> list[Row]:
        """Items within the event's tracker and city on the day."""
        inside = [
            row
            for row in self._matched
            if row["tracker"] == event["tracker"]
            and event["city"] in ("all", row["city"])
        ]
        items: list[Row] = []
        if item_kind == "post":
            for row in inside:
                post = self._posts.get((row["source"], row["post_id"]))
                if post is None or row["day"] != self.day:
                    continue
                items.append(self._item(row, post, "post", row["post_id"]))
            return items
        places = {(row["source"], row["post_id"]): row for row in inside}
        for (source, comment_id), comment in self._comments.items():
            row = places.get((source, comment["post_id"]), {})
            if row and comment["day"] == self.day:
                items.append(self._item(row, comment, "comment", comment_id))
        return items

    def _item(self, row: Row, said: Row, item_kind: str, item_id: str) -> Row:
        score = self._scores.get((item_kind, row["source"], item_id), {})
        text = said["caption"] if item_kind == "post" else said["text"]
        return {
            "kind": item_kind,
            "source": row["source"],
            "item_id": item_id,
            "author_id": said["author_id"],
            "author_handle": said["author_handle"],
            "city": row["city"],
            "text": text,
            "hashtags": said.get("hashtags"),
            "url": said.get("url"),
            "likes": said["likes_count"],
            "compound": score.get("compound"),
            "is_negative": score.get("label") == "negative",
        }

    def terms(self, items: list[Row]) -> list[list[tuple[str, str]]]:
        """(term_kind, term) of each item, computed once an item."""
        missing = [
            item
            for item in items
            if (item["kind"], item["source"], item["item_id"]) not in self._terms
        ]
        if missing:
            rows = pa.table(
                {
                    "source": pa.array([i["source"] for i in missing], pa.string()),
                    "item_id": pa.array([i["item_id"] for i in missing], pa.string()),
                    "text": pa.array([i["text"] for i in missing], pa.string()),
                    "hashtags": pa.array(
                        [i["hashtags"] for i in missing], pa.list_(pa.string())
                    ),
                }
            )
            for item in missing:
                self._terms[(item["kind"], item["source"], item["item_id"])] = []
            kind = missing[0]["kind"]
            said = item_terms(rows, tokenize=self.inputs.tokenize)
            for row in said.to_pylist():
                self._terms[(kind, row["source"], row["item_id"])].append(
                    (row["term_kind"], row["term"])
                )
        return [
            self._terms[(item["kind"], item["source"], item["item_id"])]
            for item in items
        ]


def _by_key(table: pa.Table, key: tuple[str, str]) -> dict[tuple[str, str], Row]:
    return {(row[key[0]], row[key[1]]): row for row in table.to_pylist()}
