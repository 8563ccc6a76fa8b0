-- The posts of trackers on the days of their events: one row per event day, tracker
-- and post, with its score and the garments in its photos. The source is the network,
-- which posts and authors have their ids from.
--
-- Relations: event_days(day, tracker, city, pooled_from), tracker_posts of those days
-- and the pooled ones, posts, sentiment and garments from one UTC day before to one after
-- (a tracker's day may be another than that under which a post is stored). hash_order
-- says which posts are read where not all are: it depends on the post alone, and not on
-- what it holds.

with of_events as (
    select distinct day, tracker from event_days
),

post_scores as (
    select source, item_id as post_id, compound, label
    from sentiment
    where item_kind = 'post'
),

-- days before its own that a dip was pooled over: a dip asks for negatives only
pooled as (
    select distinct
        event_days.day,
        tp.day as posted_on,
        tp.tracker,
        tp.city,
        tp.source,
        tp.post_id
    from tracker_posts as tp
    inner join event_days
        on event_days.tracker = tp.tracker
        and tp.day between event_days.pooled_from and event_days.day - 1
        and event_days.city in ('all', tp.city)
    semi join post_scores
        on post_scores.source = tp.source
        and post_scores.post_id = tp.post_id
        and post_scores.label = 'negative'
    where not tp.is_excluded
),

matched as (
    select tp.day, tp.day as posted_on, tp.tracker, tp.city, tp.source, tp.post_id
    from tracker_posts as tp
    inner join of_events
        on of_events.day = tp.day and of_events.tracker = tp.tracker
    where not tp.is_excluded

    union all

    select day, posted_on, tracker, city, source, post_id from pooled
),

worn as (
    select source, post_id, list(category order by category) as garments
    from garments
    group by source, post_id
)

select
    matched.day,
    matched.posted_on,
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
