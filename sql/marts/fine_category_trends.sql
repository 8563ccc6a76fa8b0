-- Share of looks with a finer kind of garment, by city and week.

create view marts.fine_category_trends as
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
where kind = 'fine_category';

comment on view marts.fine_category_trends is
    'Share of looks with a finer kind of garment by city and week, with its '
    'interval. One row per tracker, city, week, fine category and model.';
comment on column marts.fine_category_trends.value is
    'finer kind of garment, for example mini skirt';
