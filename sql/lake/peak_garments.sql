-- Garments worn on the days of a running peak before the one that is computed: one row
-- per event day, tracker, city and start of a peak, and category.
--
-- Relations: event_days(day, tracker, city, start_on), tracker_posts from the starts to
-- the day before, garments from one UTC day before those to one after.

select
    event_days.day,
    event_days.tracker,
    event_days.city,
    event_days.start_on,
    garments.category,
    count(*) as garments_count
from garments
inner join tracker_posts as tp
    on tp.source = garments.source and tp.post_id = garments.post_id
inner join event_days
    on event_days.tracker = tp.tracker
    and tp.day between event_days.start_on and event_days.day - 1
    and event_days.city in ('all', tp.city)
where not tp.is_excluded
group by
    event_days.day, event_days.tracker, event_days.city, event_days.start_on,
    garments.category
