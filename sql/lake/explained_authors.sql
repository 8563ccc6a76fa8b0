-- What authors posted in the days before the events of a tracker began: one row per
-- event day, tracker, start, source, author and city (the main one of an author's day).
--
-- Relations: event_days(day, tracker, start_on), author_days of the days before.
-- Parameter: past_days.

with starts as (
    select distinct day, tracker, start_on from event_days
)

select
    starts.day,
    starts.start_on,
    ad.tracker,
    ad.source,
    ad.author_id,
    ad.city,
    sum(ad.posts_count)::bigint as posts_count,
    sum(ad.negative_count)::bigint as negative_count
from author_days as ad
inner join starts
    on starts.tracker = ad.tracker
    and ad.day between starts.start_on - $past_days and starts.start_on - 1
group by starts.day, starts.start_on, ad.tracker, ad.source, ad.author_id, ad.city
