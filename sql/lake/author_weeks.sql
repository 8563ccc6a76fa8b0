-- What each author's posts felt like in a week, in a place: one row per week, tracker,
-- city and author with a scored post. A post of an unknown author is an author of its
-- own. Excluded posts are left out.
--
-- Relations:
--   weeks(day)      Mondays to produce
--   tracker_posts   the seven days of each week
--   sentiment       UTC days from one before to one after those days

with scored as (
    select
        source,
        item_id as post_id,
        label
    from sentiment
    where item_kind = 'post' and is_scored
)

select
    weeks.day,
    tp.tracker,
    tp.city,
    -- a unit separator, so that no id of a source runs into that of another
    split_part(tp.source, '__', 1) || chr(31)
    || coalesce(tp.author_id, chr(31) || tp.post_id) as author,
    count(*) as scored_count,
    count(*) filter (where scored.label = 'positive') as positive_count,
    count(*) filter (where scored.label = 'negative') as negative_count
from tracker_posts as tp
inner join weeks
    on tp.day >= weeks.day and tp.day < weeks.day + interval 7 day
inner join scored
    on scored.source = tp.source and scored.post_id = tp.post_id
where not tp.is_excluded
group by weeks.day, tp.tracker, tp.city, author
