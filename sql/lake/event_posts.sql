-- Posts with looks in the series of events, by week. One row per post that an event
-- reads, with the events that read it.
--
-- Relations:
--   wanted(week, event_id, tracker, city, model_name, kind, value, reads_value,
--          reads_all)
--                   weeks (Monday) of events, and which posts each reads: those with
--                   the value, all with a look, or both
--   tracker_posts   the days of the weeks
--   posts           UTC days from one before to one after those days (a tracker's
--   looks           local day reads its neighbours)
--   garments
--   garment_tags
--
-- Parameters:
--   most_read       posts of a week, event and side whose words are read, chosen by hash
--   most_liked      posts of a week, event and side that may be shown, by likes
--
-- * A look counts, and has a value, as in city_weeks.sql; copies of photos are left
--   out within a day only.
-- * The choice by hash depends on the post alone: others that come or go leave it as it
--   is, but for those at the edge, and events of one series read the same posts.

with matched as (
    select
        tracker,
        unnest([city, 'all']) as city,
        source,
        post_id,
        date_trunc('week', day)::date as week
    from tracker_posts
    where not is_excluded
),

seen as (
    select source, post_id, media_index, look_index, model_name, style
    from looks
    where
        garments_count > 0
        and not is_duplicate
        and model_name in (select wanted.model_name from wanted)
),

worn as (
    select source, post_id, media_index, look_index, model_name, 'garment' as kind,
        category as value
    from garments

    union all

    select
        g.source,
        g.post_id,
        g.media_index,
        g.look_index,
        g.model_name,
        t.attribute as kind,
        t.value
    from garment_tags as t
    inner join garments as g
        on t.source = g.source
        and t.post_id = g.post_id
        and t.media_index = g.media_index
        and t.garment_index = g.garment_index
        and (t.model_name = 'simulated') = (g.model_name = 'simulated')
    where t.value_rank = 0

    union all

    select source, post_id, media_index, look_index, model_name, 'style' as kind,
        style as value
    from seen
),

carriers as (
    select distinct
        w.kind,
        w.value,
        w.source,
        w.post_id,
        w.model_name
    from worn as w
    semi join wanted as asked
        on w.model_name = asked.model_name
        and w.kind = asked.kind
        and w.value = asked.value
    semi join seen as s
        on w.source = s.source
        and w.post_id = s.post_id
        and w.media_index = s.media_index
        and w.look_index = s.look_index
        and w.model_name = s.model_name
),

sides as (
    select
        asked.event_id,
        asked.week,
        'same_value' as side,
        m.source,
        m.post_id
    from wanted as asked
    inner join matched as m
        on asked.tracker = m.tracker
        and asked.city = m.city
        and asked.week = m.week
    inner join carriers as c
        on c.source = m.source
        and c.post_id = m.post_id
        and c.model_name = asked.model_name
        and c.kind = asked.kind
        and c.value = asked.value
    where asked.reads_value

    union all

    select
        asked.event_id,
        asked.week,
        'all_looks' as side,
        m.source,
        m.post_id
    from wanted as asked
    inner join matched as m
        on asked.tracker = m.tracker
        and asked.city = m.city
        and asked.week = m.week
    semi join seen as s
        on m.source = s.source
        and m.post_id = s.post_id
        and s.model_name = asked.model_name
    where asked.reads_all
),

placed as (
    select
        sides.*,
        row_number() over (
            partition by sides.event_id, sides.week, sides.side
            order by md5(concat_ws(' ', p.source, p.post_id)), p.source, p.post_id
        ) <= $most_read as is_read,
        row_number() over (
            partition by sides.event_id, sides.week, sides.side
            order by p.likes_count desc nulls last, p.source, p.post_id
        ) as likes_place
    from sides
    inner join posts as p
        on sides.source = p.source and sides.post_id = p.post_id
),

-- texts are fetched for the posts that are left, once each
chosen as (
    select
        source,
        post_id,
        list(
            {
                'event_id': event_id,
                'week': week,
                'side': side,
                'is_read': is_read,
                'likes_place': likes_place
            }
            order by event_id, week, side
        ) as events
    from placed
    where is_read or likes_place <= $most_liked
    group by source, post_id
)

select
    c.source,
    c.post_id,
    p.author_id,
    p.caption,
    p.hashtags,
    c.events
from chosen as c
inner join posts as p
    on c.source = p.source and c.post_id = p.post_id
order by c.source, c.post_id
