-- Garments of a tracker in the days before its events: one row per event day, tracker
-- and category.
--
-- Relations: event_days(day, tracker), tracker_posts of the days before, garments from
-- one UTC day before those to one after. Parameter: past_days. The day is the
-- tracker's, not
-- the UTC day that a photo is stored under.

select
    event_days.day,
    tp.tracker,
    garments.category,
    count(*) as garments_count
from garments
inner join tracker_posts as tp
    on tp.source = garments.source and tp.post_id = garments.post_id
inner join event_days
    on event_days.tracker = tp.tracker
    and tp.day between event_days.day - $past_days and event_days.day - 1
where not tp.is_excluded
group by event_days.day, tp.tracker, garments.category
