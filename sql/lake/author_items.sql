-- What is an author's: posts, posts that repeat these, their comments, and the
-- comments on these posts. One row per item, as often as it is stored: ids are the
-- network's, so a repost in the files of one tracker may repeat a post that only those
-- of another hold.

with own_posts as (
    select posts.source, posts.post_id
    from posts, asked
    where
        split_part(posts.source, '__', 1) = asked.source
        and (
            list_contains(asked.author_ids, posts.author_id)
            or (
                posts.author_id is null
                and list_contains(asked.handles, posts.author_handle)
            )
        )
),

their_posts as (
    select source, post_id from own_posts
    union
    select posts.source, posts.post_id
    from posts
    inner join asked on asked.source = split_part(posts.source, '__', 1)
    semi join own_posts on own_posts.post_id = posts.repost_of_id
    where posts.is_repost
)

select
    'post' as kind,
    posts.source,
    posts.post_id as item_id,
    posts.caption as words,
    posts.url
from posts
semi join their_posts using (source, post_id)
union all
select
    'comment' as kind,
    comments.source,
    comments.comment_id as item_id,
    comments.text as words,
    null as url
from comments
inner join asked on asked.source = split_part(comments.source, '__', 1)
where
    comments.post_id in (select post_id from their_posts)
    or list_contains(asked.author_ids, comments.author_id)
    or (
        comments.author_id is null
        and list_contains(asked.handles, comments.author_handle)
    )
order by kind, source, item_id
