-- What is told of likes or comments a post is no more than their sum over the posts, and
-- nothing where no post's count is known.

with told as (
    select
        tracker,
        city,
        day,
        counted.measure,
        counted.total,
        counted.per_post
    from trendlab.activity
    cross join lateral (
        values
        ('likes_per_post', likes_count, likes_per_post),
        ('likes_per_post_trimmed', likes_count, likes_per_post_trimmed),
        ('comments_per_post', comments_count, comments_per_post),
        ('comments_per_post_trimmed', comments_count, comments_per_post_trimmed)
    ) as counted (measure, total, per_post)
)

select
    tracker,
    city,
    day,
    measure,
    total,
    per_post
from told
where per_post is not null and (total is null or per_post > total)
