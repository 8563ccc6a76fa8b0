-- Share of looks with a pattern, by city and week.

create view marts.pattern_trends as
select
    tracker,
    city,
    week_start_on,
    iso_year,
    iso_week,
    value,
    looks_with_count,
    looks_count,
    share,
    share_low,
    share_high,
    share_shrunk,
    is_thin,
    is_complete,
    change_4_weeks,
    model_name,
    run_id
from marts.look_shares
where kind = 'pattern';

comment on view marts.pattern_trends is
    'Share of looks with a pattern by city and week, with its interval. One row '
    'per tracker, city, week, pattern and model.';
comment on column marts.pattern_trends.value is
    'pattern of the fabric, for example striped';
