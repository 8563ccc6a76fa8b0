-- How many looks have the same garments and colours, by ISO week, tracker and city. One
-- row per week, tracker, city, model and combination with at least one look.
--
-- Relations:
--   weeks(day)      Mondays to produce
--   tracker_posts   the seven days of each week
--   attributes      what look_attributes.sql gives of those days and the UTC days
--                   beside them
--
-- A post belongs to the week of its day in the tracker's time zone.

with matched as (
    select
        tp.tracker,
        tp.city,
        tp.source,
        tp.post_id,
        weeks.day
    from tracker_posts as tp
    inner join weeks
        on tp.day >= weeks.day and tp.day < weeks.day + interval 7 day
    where not tp.is_excluded
)

select
    m.day,
    m.tracker,
    m.city,
    a.model_name,
    a.garments,
    a.colours,
    count(*) as looks_count
from attributes as a
inner join matched as m
    on a.source = m.source and a.post_id = m.post_id
group by m.day, m.tracker, m.city, a.model_name, a.garments, a.colours
order by m.day, m.tracker, m.city, a.model_name, a.garments, a.colours
