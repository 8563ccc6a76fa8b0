-- Does knowing who leads help to forecast the cities that follow?

create view marts.influence_forecasts as
with newest as (
    select
        tracker,
        model_name,
        max(day) as day
    from trendlab.influence_placebos
    group by tracker, model_name
)

select
    forecasts.day as week_start_on,
    forecasts.day = newest.day as is_newest,
    forecasts.tracker,
    forecasts.kind,
    forecasts.value,
    forecasts.target_city,
    cities.name as target_name,
    forecasts.ahead_from,
    forecasts.ahead_to,
    forecasts.is_total,
    forecasts.source_cities,
    forecasts.series_count,
    forecasts.origins_count,
    forecasts.mae_without,
    forecasts.mae_with,
    forecasts.mase_without,
    forecasts.mase_with,
    forecasts.gain,
    forecasts.gain_low,
    forecasts.gain_high,
    forecasts.p_value,
    forecasts.q_value,
    forecasts.verdict,
    forecasts.model_name,
    forecasts.rule_version,
    forecasts.run_id
from trendlab.influence_forecasts as forecasts
inner join newest
    on newest.tracker = forecasts.tracker
    and newest.model_name = forecasts.model_name
left join trendlab.cities on cities.city = forecasts.target_city
left join marts.class_precision
    on forecasts.kind = 'garment'
    and class_precision.model_name = forecasts.model_name
    and class_precision.category = forecasts.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.influence_forecasts is
    'Errors of forecasts of followers without and with their leaders, each made from '
    'the weeks before it alone. Rows with the city ''all'' are the mean over forecasts of '
    'all series: in a total, one with a slow leader has more of them. Discovered styles '
    'are those of the newest fit, which knows the weeks forecast. '
    'Classes that reviews found too often wrong are left out, but stand in that mean. '
    'One row per week, tracker, model, value, target city and weeks ahead.';
comment on column marts.influence_forecasts.week_start_on is
    'Monday of the week with which the history ends';
comment on column marts.influence_forecasts.is_newest is
    'true in the newest run of the tracker and model';
comment on column marts.influence_forecasts.target_name is
    'name of the city that follows; NULL for all';
