-- Share of looks with a colour, by city and week.

create view marts.colour_trends as
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
where kind = 'colour';

comment on view marts.colour_trends is
    'Share of looks with a colour by city and week, with its interval. One row '
    'per tracker, city, week, colour and model.';
comment on column marts.colour_trends.value is 'basic colour term, for example red';
