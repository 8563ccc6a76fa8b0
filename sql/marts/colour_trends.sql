-- Share of looks with a colour, by city and week.

create view marts.colour_trends as
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
where weeks.kind = 'colour';

comment on view marts.colour_trends is
    'Share of looks with a colour by city and week, with its interval. One row '
    'per tracker, city, week, colour and model.';
comment on column marts.colour_trends.week_start_on is 'Monday of the ISO week';
comment on column marts.colour_trends.value is 'basic colour term, for example red';
comment on column marts.colour_trends.looks_with_count is 'looks that have it';
comment on column marts.colour_trends.change_4_weeks is
    'share minus the share four weeks before; NULL where that week has no looks';
comment on column marts.colour_trends.model_name is
    'model that found the garments; ''simulated'' where they were drawn, not seen';
