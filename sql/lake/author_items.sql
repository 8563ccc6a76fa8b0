-- What is an author's: posts, posts that repeat these, their comments, and the
-- comments on these posts. One row per item.

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
    inner join own_posts
        on
            posts.source = own_posts.source
            and posts.repost_of_id = own_posts.post_id
            and posts.is_repost
)

select
    'post' as kind,
    posts.source,
    posts.post_id as item_id,
    posts.caption as words,
    posts.url
from posts
inner join their_posts using (source, post_id)
union all
select
    'comment' as kind,
    comments.source,
    comments.comment_id as item_id,
    comments.text as words,
    null as url
from comments
left join their_posts
    on
        comments.source = their_posts.source
        and comments.post_id = their_posts.post_id
cross join asked
where
    their_posts.post_id is not null
    or (
        split_part(comments.source, '__', 1) = asked.source
        and (
            list_contains(asked.author_ids, comments.author_id)
            or (
                comments.author_id is null
                and list_contains(asked.handles, comments.author_handle)
            )
        )
    )
order by kind, source, item_id
