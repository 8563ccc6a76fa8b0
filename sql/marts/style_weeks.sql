-- Share of looks by discovered style, city and week.

create view marts.style_weeks as
with newest as (
    select
        model_name,
        max(day) as fitted_on
    from trendlab.styles
    group by model_name
),

whole_weeks as (
    select
        tracker,
        day,
        bool_and(is_complete) as is_complete
    from trendlab.city_weeks
    where city = 'all'
    group by tracker, day
)

select
    weeks.tracker,
    weeks.city,
    weeks.day as week_start_on,
    weeks.style_id,
    styles.name,
    concat(styles.name, ' (', weeks.style_id, ')') as value,
    styles.rank,
    weeks.looks_with_count,
    weeks.looks_count,
    weeks.share,
    weeks.share_low,
    weeks.share_high,
    weeks.is_thin,
    coalesce(whole_weeks.is_complete, false) as is_complete,
    weeks.fitted_on,
    weeks.model_name,
    weeks.run_id
from trendlab.style_weeks as weeks
inner join newest
    on newest.model_name = weeks.model_name
    and newest.fitted_on = weeks.fitted_on
inner join trendlab.styles
    on styles.day = weeks.fitted_on
    and styles.model_name = weeks.model_name
    and styles.style_id = weeks.style_id
left join whole_weeks
    on whole_weeks.tracker = weeks.tracker and whole_weeks.day = weeks.day;

comment on view marts.style_weeks is
    'Share of looks by discovered style, every week under the newest fit. One row per '
    'tracker, city, week, model and style.';
comment on column marts.style_weeks.week_start_on is 'Monday of the ISO week';
comment on column marts.style_weeks.value is
    'name and id, as city_trends, trend_forecasts and influence_edges call the style '
    '(kind discovered_style)';
comment on column marts.style_weeks.is_complete is
    'all seven days of the tracker were fetched in full';
comment on column marts.style_weeks.share is 'looks_with_count / looks_count';
comment on column marts.style_weeks.looks_count is
    'looks seen, near-copies left out';
comment on column marts.style_weeks.run_id is
    'the computation that wrote the row: a hash of step, day, code, settings and '
    'inputs, so equal inputs give equal rows';
