-- How many posts a tracker's authors of each home wrote on each day before an event
-- began: one row per event day, tracker, start, city (the main one of an author's day),
-- home and day.
--
-- Relations: event_days(day, tracker, start_on), author_days of the days before,
-- author_homes (the homes that stand for an event's authors, under the event's day).
-- Parameter: past_days.

with starts as (
    select distinct day, tracker, start_on from event_days
)

select
    starts.day,
    starts.start_on,
    ad.tracker,
    ad.city,
    ah.home_city,
    ad.day as posted_on,
    sum(ad.posts_count)::bigint as posts_count,
    sum(ad.negative_count)::bigint as negative_count
from author_days as ad
inner join starts
    on starts.tracker = ad.tracker
    and ad.day between starts.start_on - $past_days and starts.start_on - 1
inner join author_homes as ah
    on ah.day = starts.day
    and ah.source = ad.source
    and ah.author_id = ad.author_id
where ah.home_source <> 'unknown'
group by
    starts.day, starts.start_on, ad.tracker, ad.city, ah.home_city, ad.day
