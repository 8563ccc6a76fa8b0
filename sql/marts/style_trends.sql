-- Share of looks of a style, by city and week.

create view marts.style_trends as
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
where kind = 'style';

comment on view marts.style_trends is
    'Share of looks of a style by city and week, with its interval. One row per '
    'tracker, city, week, style and model.';
comment on column marts.style_trends.value is 'style of the look';
