-- Share of looks with a garment, by city and week.

create view marts.garment_trends as
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
    review_status,
    model_name,
    run_id
from marts.look_shares
where kind = 'garment';

comment on view marts.garment_trends is
    'Share of looks with a garment by city and week, with its interval. Classes '
    'that reviews found too often wrong are left out. One row per tracker, city, '
    'week, garment and model.';
comment on column marts.garment_trends.value is 'garment class, for example skirt';
comment on column marts.garment_trends.review_status is
    'verified by people, or unverified; see marts.class_precision';
