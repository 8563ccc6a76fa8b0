-- The ids and handles that go with an author's id, or with a handle, at a source.
-- One row per id and handle that stand together; either may be NULL.

with named as (
    select source, author_id, author_handle as handle from posts
    union all
    select source, author_id, author_handle as handle from comments
    union all
    select source, author_id, handle from authors
    union all
    select source, author_id, author_handle as handle from author_days
)

select distinct
    named.author_id,
    named.handle
from named, asked
where
    split_part(named.source, '__', 1) = asked.source
    and (
        list_contains(asked.author_ids, named.author_id)
        or list_contains(asked.handles, named.handle)
    )
order by named.author_id, named.handle
