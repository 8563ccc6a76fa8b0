-- Share of looks that have a value of any kind, by city and week: what the marts of
-- one kind are cut from.

create view marts.look_shares as
select
    weeks.tracker,
    weeks.city,
    weeks.day as week_start_on,
    weeks.iso_year,
    weeks.iso_week,
    weeks.kind,
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
    case
        when weeks.kind = 'garment'
            then coalesce(class_precision.review_status, 'unverified')
    end as review_status,
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
    on weeks.kind = 'garment'
    and class_precision.model_name = weeks.model_name
    and class_precision.category = weeks.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.look_shares is
    'Share of looks with a garment, colour, fine category, pattern, sleeve, length or '
    'given style by city and week, with its interval. Classes that reviews found too '
    'often wrong are left out. One row per tracker, city, week, kind, value and model.';
comment on column marts.look_shares.week_start_on is 'Monday of the ISO week';
comment on column marts.look_shares.value is
    'the value within the kind: dress, red, mini skirt, striped, long, …';
comment on column marts.look_shares.looks_with_count is 'looks that have it';
comment on column marts.look_shares.change_4_weeks is
    'share minus the share four weeks before; NULL where that week has no looks';
comment on column marts.look_shares.review_status is
    'of garments verified by people, or unverified; see marts.class_precision. NULL for '
    'other kinds';
comment on column marts.look_shares.model_name is
    'model that found the garments; ''simulated'' where they were drawn, not seen';
