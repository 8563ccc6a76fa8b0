-- How many posts authors wrote on the days of a running peak before the one that is
-- computed: one row per event day, tracker, city and start of a peak, source and author.
--
-- Relations: event_days(day, tracker, city, start_on), tracker_posts and author_days
-- from the starts to the day before. A post without a known author belongs to nobody.
-- The source is the network, as in author_days.

with inside as (
    select
        event_days.day,
        event_days.tracker,
        event_days.city,
        event_days.start_on,
        tp.day as posted_on,
        split_part(tp.source, '__', 1) as source,
        tp.author_id,
        count(*) as posts_count
    from tracker_posts as tp
    inner join event_days
        on event_days.tracker = tp.tracker
        and tp.day between event_days.start_on and event_days.day - 1
        and event_days.city in ('all', tp.city)
    where not tp.is_excluded and tp.author_id is not null
    group by
        event_days.day, event_days.tracker, event_days.city, event_days.start_on,
        tp.day, split_part(tp.source, '__', 1), tp.author_id
)

select
    inside.day,
    inside.tracker,
    inside.city,
    inside.start_on,
    inside.source,
    inside.author_id,
    max(ad.author_handle) as author_handle,
    sum(inside.posts_count)::bigint as posts_count
from inside
left join author_days as ad
    on ad.tracker = inside.tracker
    and ad.day = inside.posted_on
    and ad.source = inside.source
    and ad.author_id = inside.author_id
group by
    inside.day, inside.tracker, inside.city, inside.start_on, inside.source,
    inside.author_id
