-- Every measure against its own past, for those who look beyond the posts.

create view marts.measure_days as
select
    tracker,
    city,
    measure,
    day,
    value,
    baseline,
    expected_low,
    expected_high,
    z,
    p_value,
    average,
    is_candidate,
    is_peak,
    is_cold_start,
    valid_days,
    rule_version,
    run_id
from trendlab.day_scores;

comment on view marts.measure_days is
    'Each measure of a day and whether it is average for its series. One row per '
    'tracker, city, measure and day.';
comment on column marts.measure_days.day is 'day in the tracker''s time zone';
