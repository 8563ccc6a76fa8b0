-- What is worn most in each city, in the newest whole week?
with ranked as (
    select
        city,
        week_start_on,
        value as garment,
        share,
        share_low,
        share_high,
        looks_count,
        row_number() over (
            partition by city, model_name
            order by week_start_on desc, share desc, value asc
        ) as place
    from marts.garment_trends
    where
        tracker = 'all'
        and is_complete
        and not is_thin
)

select
    city,
    week_start_on,
    garment,
    share,
    share_low,
    share_high,
    looks_count
from ranked
where place <= 3
order by city, place
