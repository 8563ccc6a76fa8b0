-- Share of looks with a garment, by city and week.

create view marts.garment_trends as
select
    weeks.tracker,
    weeks.city,
    weeks.day as week_start_on,
    weeks.iso_year,
    weeks.iso_week,
    weeks.value,
    weeks.looks_with_count,
    weeks.looks_count,
    weeks.share,
    weeks.share_low,
    weeks.share_high,
    weeks.share_shrunk,
    weeks.is_thin,
    weeks.is_complete,
    -- a value without a row was not seen in a week whose looks were counted
    weeks.share - case
        when earlier.share is not null then earlier.share
        when exists (
            select
            from trendlab.city_weeks as seen
            where seen.day = weeks.day - 28
                and seen.tracker = weeks.tracker
                and seen.city = weeks.city
                and seen.kind = weeks.kind
                and seen.model_name = weeks.model_name
        ) then 0
    end as change_4_weeks,
    coalesce(class_precision.review_status, 'unverified') as review_status,
    weeks.model_name,
    weeks.run_id
from trendlab.city_weeks as weeks
left join trendlab.city_weeks as earlier
    on earlier.day = weeks.day - 28
    and earlier.tracker = weeks.tracker
    and earlier.city = weeks.city
    and earlier.kind = weeks.kind
    and earlier.value = weeks.value
    and earlier.model_name = weeks.model_name
left join marts.class_precision
    on class_precision.model_name = weeks.model_name
    and class_precision.category = weeks.value
    and class_precision.is_newest_version
where weeks.kind = 'garment'
    and class_precision.review_status is distinct from 'hidden';

comment on view marts.garment_trends is
    'Share of looks with a garment by city and week, with its interval. Classes '
    'that reviews found too often wrong are left out. One row per tracker, city, '
    'week, garment and model.';
comment on column marts.garment_trends.week_start_on is 'Monday of the ISO week';
comment on column marts.garment_trends.value is 'garment class, for example skirt';
comment on column marts.garment_trends.looks_with_count is 'looks that have it';
comment on column marts.garment_trends.change_4_weeks is
    'share minus the share four weeks before; NULL where that week has no looks';
comment on column marts.garment_trends.review_status is
    'verified by people, or unverified; see marts.class_precision';
comment on column marts.garment_trends.model_name is
    'model that found the garments; ''simulated'' where they were drawn, not seen';
