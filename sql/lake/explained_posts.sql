-- The posts of trackers on the days of their events: one row per event day, tracker
-- and post, with its score and the garments in its photos. The source is the network,
-- which posts and authors have their ids from.
--
-- Relations: event_days(day, tracker), tracker_posts of those days, posts, sentiment
-- and garments from one UTC day before to one after (a tracker's day may be another
-- than that under which a post is stored). hash_order says which posts are read where
-- not all are: it depends on the post alone, and not on what it holds.

with of_events as (
    select distinct day, tracker from event_days
),

matched as (
    select tp.day, tp.tracker, tp.city, tp.source, tp.post_id
    from tracker_posts as tp
    inner join of_events
        on of_events.day = tp.day and of_events.tracker = tp.tracker
    where not tp.is_excluded
),

post_scores as (
    select source, item_id as post_id, compound, label
    from sentiment
    where item_kind = 'post'
),

worn as (
    select source, post_id, list(category order by category) as garments
    from garments
    group by source, post_id
)

select
    matched.day,
    matched.tracker,
    matched.city,
    split_part(matched.source, '__', 1) as source,
    matched.post_id as item_id,
    posts.author_id,
    posts.author_handle,
    posts.caption as text,
    posts.hashtags,
    posts.url,
    posts.likes_count,
    post_scores.compound,
    post_scores.label,
    worn.garments,
    md5_number_lower(concat_ws(' ', matched.source, matched.post_id)) as hash_order
from matched
inner join posts
    on posts.source = matched.source and posts.post_id = matched.post_id
left join post_scores
    on post_scores.source = matched.source
    and post_scores.post_id = matched.post_id
left join worn
    on worn.source = matched.source and worn.post_id = matched.post_id
