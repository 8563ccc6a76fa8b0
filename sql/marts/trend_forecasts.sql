-- What each share is expected to be in the weeks to come, as of the newest week
-- that has curves: where that has no forecast, an older one is not shown for it.

create view marts.trend_forecasts as
with newest as (
    select
        tracker,
        max(day) as day
    from trendlab.city_trends
    group by tracker
)

select
    forecasts.day as week_start_on,
    forecasts.tracker,
    forecasts.city,
    cities.name as city_name,
    forecasts.kind,
    forecasts.value,
    forecasts.week_on,
    forecasts.weeks_ahead,
    forecasts.share_q10,
    forecasts.share_q50,
    forecasts.share_q90,
    forecasts.weeks_count,
    forecasts.is_backtested,
    forecasts.backtest_mase,
    forecasts.model_name,
    forecasts.rule_version,
    forecasts.run_id
from trendlab.trend_forecasts as forecasts
inner join newest
    on newest.tracker = forecasts.tracker and newest.day = forecasts.day
left join trendlab.cities on cities.city = forecasts.city
left join marts.class_precision
    on forecasts.kind = 'garment'
    and class_precision.model_name = forecasts.model_name
    and class_precision.category = forecasts.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.trend_forecasts is
    'Weekly shares expected in the 12 weeks to come, as of the newest week, with the '
    'interval meant to hold eight of ten. A series is told from its own past and '
    'the seasons of all, not from who leads it: whether that would help is in '
    'marts.influence_forecasts. Series need two years and, on average, 5 looks a week. '
    'Classes that reviews found too often wrong are left out. One row per tracker, '
    'city, kind, value, model and coming week.';
comment on column marts.trend_forecasts.week_start_on is
    'Monday of the week with which the history ends';
comment on column marts.trend_forecasts.city is
    'id of a monitored city, ''unknown'' or ''all''';
comment on column marts.trend_forecasts.city_name is 'its name';
