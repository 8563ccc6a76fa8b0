-- Every matched post is among the posts.

select
    matched.tracker,
    matched.source,
    matched.post_id,
    matched.day
from trendlab.tracker_posts as matched
where not exists (
    select
    from trendlab.posts
    where posts.source = matched.source and posts.post_id = matched.post_id
)
