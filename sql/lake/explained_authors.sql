-- What authors posted in the days before the events of a tracker: one row per event
-- day, tracker, source, author and city (the main one of an author's day).
--
-- Relations: event_days(day, tracker), author_days of the days before.
-- Parameter: past_days.

select
    event_days.day,
    ad.tracker,
    ad.source,
    ad.author_id,
    ad.city,
    sum(ad.posts_count)::bigint as posts_count,
    sum(ad.negative_count)::bigint as negative_count
from author_days as ad
inner join event_days
    on event_days.tracker = ad.tracker
    and ad.day between event_days.day - $past_days and event_days.day - 1
group by event_days.day, ad.tracker, ad.source, ad.author_id, ad.city
