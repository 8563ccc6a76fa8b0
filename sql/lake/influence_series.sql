-- Weekly shares of looks for tests of influence, discovered styles among them. One row per tracker, model, kind,
-- value, monitored city and week in which looks of that city were counted.
--
-- Relations:
--   city_weeks    the weeks of the history
--   style_weeks   the same weeks
--   styles        the newest fit of styles
--
-- * Discovered styles are named by what tells them and by their id, which sets two of
--   the same name apart; only shares under the newest fit count.
-- * A value that a city-week does not name was not worn there: its share is 0. A
--   city-week without looks has no rows: it is missing.
-- * A week covered in part counts: its looks are fewer, and the least number of looks
--   decides. Shares, unlike counts, do not sink when a day is missing.

with shares as (
    select
        tracker,
        model_name,
        kind,
        value,
        city,
        day,
        share,
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
        style_weeks.share,
        style_weeks.looks_count
    from style_weeks
    inner join styles
        on style_weeks.fitted_on = styles.day
        and style_weeks.model_name = styles.model_name
        and style_weeks.style_id = styles.style_id
),

city_looks as (
    select
        tracker,
        model_name,
        kind,
        city,
        day,
        max(looks_count) as looks_count
    from shares
    where city not in ('all', 'unknown')
    group by tracker, model_name, kind, city, day
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
    looks.kind,
    known.value,
    looks.city,
    looks.day,
    coalesce(weeks.share, 0) as share,
    looks.looks_count
from city_looks as looks
inner join known_values as known
    on looks.tracker = known.tracker
    and looks.model_name = known.model_name
    and looks.kind = known.kind
left join shares as weeks
    on looks.tracker = weeks.tracker
    and looks.model_name = weeks.model_name
    and looks.kind = weeks.kind
    and known.value = weeks.value
    and looks.city = weeks.city
    and looks.day = weeks.day
order by
    looks.tracker, looks.model_name, looks.kind, known.value, looks.city, looks.day
