-- Weekly shares of looks as series, discovered styles among them. One row per tracker,
-- model, kind, value, city ('all' and 'unknown' too) and week in which looks of that
-- city were counted.
--
-- Relations:
--   city_weeks    the weeks of the history
--   style_weeks   the same weeks
--   styles        the newest fit of styles
--
-- * Discovered styles are named by what tells them and by their id, which sets two of
--   the same name apart; only shares under the newest fit count.
-- * A value that a city-week does not name was not worn there: it has 0 looks. Known
--   are the values of these weeks, so nothing that came after them decides. A city-week
--   without looks has no rows, nor has a kind in a week in which no model told it: they
--   are missing.
-- * is_complete is that of the tracker's week.

with shares as (
    select
        tracker,
        model_name,
        kind,
        value,
        city,
        day,
        looks_with_count,
        looks_count
    from city_weeks

    union all

    select
        style_weeks.tracker,
        style_weeks.model_name,
        'discovered_style' as kind,
        concat(styles.name, ' (', styles.style_id, ')') as value,
        style_weeks.city,
        style_weeks.day,
        style_weeks.looks_with_count,
        style_weeks.looks_count
    from style_weeks
    inner join styles
        on style_weeks.fitted_on = styles.day
        and style_weeks.model_name = styles.model_name
        and style_weeks.style_id = styles.style_id
),

whole_weeks as (
    select
        tracker,
        day,
        bool_and(is_complete) as is_complete
    from city_weeks
    group by tracker, day
),

-- where a kind was told of somebody, it was looked for everywhere that week
told_weeks as (
    select distinct
        tracker,
        model_name,
        kind,
        day
    from shares
),

-- styles are counted on looks of their own: copies are told apart day by day there
city_looks as (
    select
        tracker,
        model_name,
        kind = 'discovered_style' as is_discovered,
        city,
        day,
        max(looks_count) as looks_count
    from shares
    group by tracker, model_name, is_discovered, city, day
),

known_values as (
    select distinct
        tracker,
        model_name,
        kind,
        value
    from shares
)

select
    looks.tracker,
    looks.model_name,
    known.kind,
    known.value,
    looks.city,
    looks.day,
    coalesce(weeks.looks_with_count, 0) as looks_with_count,
    looks.looks_count,
    coalesce(weeks.looks_with_count, 0) / looks.looks_count as share,
    coalesce(whole.is_complete, false) as is_complete
from city_looks as looks
inner join told_weeks as told
    on looks.tracker = told.tracker
    and looks.model_name = told.model_name
    and looks.day = told.day
    and looks.is_discovered = (told.kind = 'discovered_style')
inner join known_values as known
    on looks.tracker = known.tracker
    and looks.model_name = known.model_name
    and told.kind = known.kind
left join shares as weeks
    on looks.tracker = weeks.tracker
    and looks.model_name = weeks.model_name
    and known.kind = weeks.kind
    and known.value = weeks.value
    and looks.city = weeks.city
    and looks.day = weeks.day
left join whole_weeks as whole
    on looks.tracker = whole.tracker and looks.day = whole.day
order by
    looks.tracker, looks.model_name, known.kind, known.value, looks.city, looks.day
