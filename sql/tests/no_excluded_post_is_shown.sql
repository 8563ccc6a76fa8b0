-- marts.posts shows no post that an exclusion rule drops.

select
    posts.tracker,
    posts.source,
    posts.post_id
from marts.posts
inner join trendlab.tracker_posts as matched
    on matched.tracker = posts.tracker
    and matched.source = posts.source
    and matched.post_id = posts.post_id
where matched.is_excluded
