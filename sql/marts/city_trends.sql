-- What each share does in each city, in words and figures.

create view marts.city_trends as
with newest as (
    select
        tracker,
        max(day) as day
    from trendlab.city_trends
    group by tracker
)

select
    curves.day as week_start_on,
    curves.tracker,
    curves.city,
    cities.name as city_name,
    curves.kind,
    curves.value,
    curves.description,
    curves.direction,
    curves.mean_share,
    curves.level,
    curves.slope_per_year,
    curves.slope_low,
    curves.slope_high,
    curves.season_kind,
    curves.season_month,
    curves.season_swing,
    curves.season_amplitude,
    curves.season_sharpness,
    curves.season_phase,
    curves.residual_ratio,
    curves.overdispersion,
    curves.first_week_on,
    curves.last_week_on,
    curves.weeks_count,
    curves.looks_count,
    curves.model_name,
    curves.rule_version,
    curves.run_id
from trendlab.city_trends as curves
inner join newest
    on newest.tracker = curves.tracker and newest.day = curves.day
left join trendlab.cities on cities.city = curves.city
left join marts.class_precision
    on curves.kind = 'garment'
    and class_precision.model_name = curves.model_name
    and class_precision.category = curves.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.city_trends is
    'What each weekly share does, as of the newest week: level, slope, season, and in '
    'words. Classes that reviews found too often wrong are left out. One row per '
    'tracker, city, kind, value and model.';
comment on column marts.city_trends.week_start_on is
    'Monday of the week with which the history ends';
comment on column marts.city_trends.city is 'id of a monitored city, ''unknown'' or ''all''';
comment on column marts.city_trends.city_name is 'its name';
comment on column marts.city_trends.description is
    'for example: rising, peaks every May';
