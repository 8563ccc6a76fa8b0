"""Tables that sources write: what was collected, as it was given."""

from __future__ import annotations

from trendlab.schemas.core import (
    DAY,
    SOURCE,
    STRINGS,
    Column,
    Table,
    count,
    date,
    flag,
    moment,
    number,
    text,
)

POSTS = Table(
    name="posts",
    doc="Posts as collected, newest reading; one row per source and post.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "the source's own id, or a stable hash where it gives none"),
        moment("created_at", "when the author posted"),
        text("author_id", "author's id at the source", nullable=True),
        text("author_handle", "author's handle, casefolded, without @", nullable=True),
        text(
            "author_place",
            "place in the author's profile when the post was read",
            nullable=True,
        ),
        count(
            "author_followers_count",
            "the author's followers when the post was read",
            nullable=True,
        ),
        text("caption", "text of the post, NFC, as written", nullable=True),
        text(
            "language_given", "language as the source gives it, BCP 47", nullable=True
        ),
        Column("hashtags", STRINGS, "hashtags, NFKC casefolded, without #"),
        Column("mentions", STRINGS, "mentioned handles, casefolded, without @"),
        text("url", "address of the post", nullable=True),
        text(
            "media_kind",
            "what the post carries",
            allowed=("none", "image", "video", "album"),
        ),
        count("media_count", "photos and videos attached"),
        count("likes_count", "likes at observed_at; NULL when hidden", nullable=True),
        count("comments_count", "comments at observed_at", nullable=True),
        count(
            "shares_count", "shares, reposts, retweets at observed_at", nullable=True
        ),
        count("views_count", "views or plays at observed_at", nullable=True),
        number("lat", "latitude, degrees", nullable=True, minimum=-90, maximum=90),
        number("lon", "longitude, degrees", nullable=True, minimum=-180, maximum=180),
        number(
            "point_radius_km",
            "how exact lat and lon are: the source places the post within this; NULL "
            "where it does not say",
            nullable=True,
            minimum=0,
        ),
        text("place_name", "place as written by the source", nullable=True),
        text("place_id", "the source's id of the place", nullable=True),
        text("reply_to_id", "post that this one answers", nullable=True),
        text("repost_of_id", "post that this one repeats", nullable=True),
        flag("is_repost", "true for boosts, retweets and reposts"),
        flag("is_sponsored", "true where the source says so", nullable=True),
        moment("observed_at", "when this reading was taken"),
    ),
    key=("source", "post_id"),
    partition=("day", "source"),
    in_warehouse=True,
    # a hashtag's listing names no author and no place, an account's does
    kept_once_known=(
        "author_id",
        "author_handle",
        "author_place",
        "lat",
        "lon",
        "point_radius_km",
        "place_name",
        "place_id",
    ),
    not_in_warehouse=("point_radius_km",),
)

COMMENTS = Table(
    name="comments",
    doc="Comments and replies as collected; one row per source and comment.",
    columns=(
        DAY,
        SOURCE,
        text("comment_id", "the source's own id, or a stable hash"),
        text("post_id", "post that is commented on"),
        text("parent_id", "comment that is answered", nullable=True),
        moment("created_at", "when the comment was written"),
        text("author_id", "author's id at the source", nullable=True),
        text("author_handle", "author's handle, casefolded", nullable=True),
        text("text", "the comment as written, NFC"),
        text("language_given", "language as the source gives it", nullable=True),
        count("likes_count", "likes of the comment", nullable=True),
        moment("observed_at", "when this reading was taken"),
    ),
    key=("source", "comment_id"),
    partition=("day", "source"),
)

MEDIA = Table(
    name="media",
    doc="Photos of posts and where their bytes are; one row per post and photo. "
    "`day` is the day of the post.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "position within the post, from 0"),
        text("media_kind", "photo, or cover of a video", allowed=("image", "cover")),
        text("url", "address that the photo was offered at", nullable=True),
        text(
            "alt_text",
            "the author's description for those who cannot see it",
            nullable=True,
        ),
        text(
            "license",
            "licence that the source gives: its SPDX id where it has one, else words",
            nullable=True,
        ),
        text("path", "file with the bytes, absolute or under the home", nullable=True),
        text("sha256", "hash of the bytes", nullable=True),
        text(
            "status",
            "whether the bytes are here",
            allowed=("stored", "offered", "missing", "rejected"),
        ),
        text(
            "status_reason",
            "why it is missing or rejected, or the last try failed",
            nullable=True,
        ),
        moment("observed_at", "when it was offered, or last tried"),
        count(
            "http_status",
            "HTTP status of the last try, where it gave no photo",
            nullable=True,
        ),
        count("tries_count", "tries that failed, of those so far", nullable=True),
        moment("next_try_at", "no try before this", nullable=True),
    ),
    key=("source", "post_id", "media_index"),
    partition=("day", "source"),
)

ENGAGEMENT = Table(
    name="engagement",
    doc="Readings of a post's engagement over time; one row per post and reading. "
    "`day` is the day of observation.",
    columns=(
        DAY,
        SOURCE,
        text("post_id", "post that was read"),
        moment("observed_at", "when the reading was taken"),
        moment("created_at", "when the post was made, so that age is known"),
        count("likes_count", "likes; NULL when hidden", nullable=True),
        count("comments_count", "comments", nullable=True),
        count("shares_count", "shares", nullable=True),
        count("views_count", "views", nullable=True),
    ),
    key=("source", "post_id", "observed_at"),
    partition=("day", "source"),
)

AUTHORS = Table(
    name="authors",
    doc="Readings of authors; one row per author and day of observation.",
    columns=(
        DAY,
        SOURCE,
        text("author_id", "author's id at the source"),
        moment("observed_at", "when the reading was taken"),
        text("handle", "handle, casefolded, without @", nullable=True),
        text("name", "display name", nullable=True),
        text("biography", "profile text", nullable=True),
        text(
            "author_kind",
            "person or organisation, where it can be told",
            allowed=("person", "brand", "unknown"),
        ),
        text("profile_place", "place given in the profile", nullable=True),
        count("followers_count", "followers", nullable=True),
        count("following_count", "accounts followed", nullable=True),
        count("posts_count", "posts ever made", nullable=True),
        flag("is_verified", "verified by the source", nullable=True),
    ),
    key=("source", "author_id", "day"),
    partition=("day", "source"),
    in_warehouse=True,
)

COVERAGE = Table(
    name="coverage",
    doc="Which days were ingested; one row per tracker, source and day. A day with "
    "no row was not ingested: it is missing, not quiet.",
    columns=(
        DAY,
        text(
            "tracker", "tracker that asked, or 'all' for files that no one tracker owns"
        ),
        SOURCE,
        text("status", "how much was seen", allowed=("complete", "partial", "none")),
        text("tracker_version", "hash of the tracker's query at that time"),
        moment("observed_at", "when the day was last ingested"),
        text("reason", "why the day is partial or missing", nullable=True),
        count(
            "posts_count",
            "posts of the source and day that match the tracker; NULL for files",
            nullable=True,
        ),
        flag(
            "is_low_volume",
            "true where posts_count is far below the tracker's usual; NULL where the "
            "usual is not known",
            nullable=True,
        ),
    ),
    key=("tracker", "source", "day"),
    partition=("day", "source"),
    in_warehouse=True,
)

QUARANTINE = Table(
    name="quarantine",
    doc="Rows that were refused; one row per refused record. `day` is the day of "
    "ingestion.",
    columns=(
        DAY,
        SOURCE,
        text("ingest_id", "ingest that refused the row"),
        text("table_name", "table that the row was meant for"),
        text("path", "file, or address without its query, that it came from"),
        count("row_number", "position in the file, from 1", nullable=True),
        text("reason", "short reason, fit for grouping"),
        text("detail", "field and value that were refused", nullable=True),
        text("payload", "the record as received, at most 20,000 characters"),
        moment("observed_at", "when it was refused"),
    ),
    key=("ingest_id", "table_name", "path", "row_number"),
    partition=("day", "source"),
    in_warehouse=True,
    not_in_warehouse=("payload", "detail"),
)

INGESTS = Table(
    name="ingests",
    doc="Book of ingests; one row per file or page set. accepted + rejected = read.",
    columns=(
        DAY,
        SOURCE,
        text("ingest_id", "hash of source, path and content"),
        text("path", "file, or address without its query"),
        text("format", "format that was told from the content"),
        count("read_count", "records read"),
        count("accepted_count", "records accepted"),
        count("rejected_count", "records sent to quarantine"),
        count(
            "forgotten_count",
            "of the rejected, records of authors who were forgotten",
            nullable=True,
        ),
        count(
            "expired_count",
            "of the rejected, records older than their table is kept",
            nullable=True,
        ),
        count("added_count", "accepted records that were new"),
        count("updated_count", "accepted records that replaced an older reading"),
        date("first_on", "first day that the records declare", nullable=True),
        date("last_on", "last day that the records declare", nullable=True),
        moment("observed_at", "when the ingest ended"),
    ),
    key=("ingest_id", "observed_at"),
    partition=("day", "source"),
    in_warehouse=True,
)

SOURCE_STATES = Table(
    name="source_states",
    doc="Where live sources stand; one row per source and term. The term 'budget' "
    "holds what was used of the service's allowances.",
    columns=(
        SOURCE,
        text("slice_key", "term that is looked for, such as #coat, or 'budget'"),
        text(
            "state",
            "JSON: `covered` (spans of time that were fetched), `lost` (spans that "
            "the service does not list any more), `open` (the slice that was not "
            "ended, with its cursor); `spends` for the budget",
        ),
        count("requests_count", "requests that were sent for it, tries included"),
        moment("observed_at", "when it was last stored"),
    ),
    key=("source", "slice_key"),
    partition=(),
)

TOMBSTONES = Table(
    name="tombstones",
    doc="Authors who were forgotten and are not let in again, as keyed hashes that "
    "name nobody; one row per source, kind of identity and hash.",
    columns=(
        text("source", "source, without a tracker"),
        text(
            "identity_kind",
            "what was hashed",
            allowed=("author_id", "handle", "post_id", "comment_id"),
        ),
        text("identity_hash", "BLAKE2b with the key of this home, 128 bits"),
        text("key_id", "tells which key was used"),
        moment("forgotten_at", "when the author was forgotten"),
        flag(
            "is_id_known",
            "of a handle: whether an id of its author is hashed, too, so that records "
            "with another id are somebody else's; NULL where it was not stored",
            nullable=True,
        ),
    ),
    key=("source", "identity_kind", "identity_hash"),
    partition=(),
)

COLLECTED = (
    POSTS,
    COMMENTS,
    MEDIA,
    ENGAGEMENT,
    AUTHORS,
    COVERAGE,
    QUARANTINE,
    INGESTS,
    SOURCE_STATES,
    TOMBSTONES,
)
