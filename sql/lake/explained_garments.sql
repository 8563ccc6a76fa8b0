-- Garments of a tracker in the days before its events began: one row per event day,
-- tracker, start and category.
--
-- Relations: event_days(day, tracker, start_on), tracker_posts of the days before,
-- garments from one UTC day before those to one after. Parameter: past_days. The day is
-- the tracker's, not the UTC day that a photo is stored under.

with starts as (
    select distinct day, tracker, start_on from event_days
)

select
    starts.day,
    starts.start_on,
    tp.tracker,
    garments.category,
    count(*) as garments_count
from garments
inner join tracker_posts as tp
    on tp.source = garments.source and tp.post_id = garments.post_id
inner join starts
    on starts.tracker = tp.tracker
    and tp.day between starts.start_on - $past_days and starts.start_on - 1
where not tp.is_excluded
group by starts.day, starts.start_on, tp.tracker, garments.category
