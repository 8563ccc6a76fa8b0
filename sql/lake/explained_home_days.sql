-- How many posts a tracker's authors of each home wrote on each day before an event: one
-- row per event day, tracker, city (the main one of an author's day), home and day.
--
-- Relations: event_days(day, tracker), author_days of the days before, author_homes
-- (the homes that stand for an event's authors, under the event's day).
-- Parameter: past_days.

select
    event_days.day,
    ad.tracker,
    ad.city,
    ah.home_city,
    ad.day as posted_on,
    sum(ad.posts_count)::bigint as posts_count,
    sum(ad.negative_count)::bigint as negative_count
from author_days as ad
inner join event_days
    on event_days.tracker = ad.tracker
    and ad.day between event_days.day - $past_days and event_days.day - 1
inner join author_homes as ah
    on ah.day = event_days.day
    and ah.source = ad.source
    and ah.author_id = ad.author_id
where ah.home_source <> 'unknown'
group by event_days.day, ad.tracker, ad.city, ah.home_city, ad.day
