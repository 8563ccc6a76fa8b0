-- How much each city posts, and whether it posts more than four weeks ago.

create view marts.city_activity as
with newest as (
    select
        tracker,
        max(day) as last_on
    from trendlab.activity
    group by tracker
),

covered as (
    select
        newest.tracker,
        newest.last_on,
        count(*) filter (
            where tracker_days.day > newest.last_on - 28
        ) as covered_days,
        count(*) filter (
            where tracker_days.day <= newest.last_on - 28
        ) as covered_days_before
    from newest
    left join marts.tracker_days
        on tracker_days.tracker = newest.tracker
        and tracker_days.day > newest.last_on - 56
        and tracker_days.day <= newest.last_on
        and tracker_days.coverage_status in ('complete', 'partial')
    group by newest.tracker, newest.last_on
),

summed as (
    select
        activity.tracker,
        activity.city,
        covered.last_on,
        covered.covered_days,
        covered.covered_days_before,
        min(activity.day) as first_on,
        sum(activity.posts_count)::bigint as posts_count,
        sum(activity.likes_count)::bigint as likes_count,
        coalesce(sum(activity.posts_count) filter (
            where activity.day > covered.last_on - 28
        ), 0)::bigint as posts_28_days_count,
        coalesce(sum(activity.posts_count) filter (
            where activity.day > covered.last_on - 56
                and activity.day <= covered.last_on - 28
        ), 0)::bigint as posts_28_days_before_count,
        sum(activity.negative_count) filter (
            where activity.day > covered.last_on - 28
        )::double precision / nullif(sum(activity.scored_count) filter (
            where activity.day > covered.last_on - 28
        ), 0) as negative_share_28_days
    from trendlab.activity
    inner join covered on covered.tracker = activity.tracker
    where activity.city <> 'all'
    group by
        activity.tracker,
        activity.city,
        covered.last_on,
        covered.covered_days,
        covered.covered_days_before
)

select
    summed.tracker,
    summed.city,
    cities.name as city_name,
    cities.country_code,
    cities.region,
    cities.lat,
    cities.lon,
    summed.first_on,
    summed.last_on,
    summed.posts_count,
    summed.likes_count,
    summed.posts_28_days_count,
    summed.posts_28_days_before_count,
    summed.covered_days as covered_28_days_count,
    summed.covered_days_before as covered_28_days_before_count,
    -- posts a covered day, so that a gap does not look like a fall
    (summed.posts_28_days_count::double precision / nullif(summed.covered_days, 0))
    / nullif(
        summed.posts_28_days_before_count::double precision
        / nullif(summed.covered_days_before, 0),
        0
    ) as change_ratio,
    summed.negative_share_28_days
from summed
left join trendlab.cities on cities.city = summed.city;

comment on view marts.city_activity is
    'Posts of each city in all, in the 28 days that end with the tracker''s last day, '
    'and in the 28 days before, with coordinates for maps. One row per tracker and '
    'city, ''unknown'' included.';
comment on column marts.city_activity.city_name is
    'name to show; NULL for ''unknown''';
comment on column marts.city_activity.lat is
    'latitude of the city, degrees; NULL for ''unknown''';
comment on column marts.city_activity.lon is
    'longitude of the city, degrees; NULL for ''unknown''';
comment on column marts.city_activity.city is 'id of a monitored city, or ''unknown''';
comment on column marts.city_activity.first_on is 'first day with posts';
comment on column marts.city_activity.last_on is 'last day of the tracker';
comment on column marts.city_activity.posts_count is 'posts of all days';
comment on column marts.city_activity.likes_count is 'known likes of all days';
comment on column marts.city_activity.posts_28_days_count is
    'posts of the 28 days that end with last_on';
comment on column marts.city_activity.posts_28_days_before_count is
    'posts of the 28 days before these';
comment on column marts.city_activity.covered_28_days_count is
    'of the 28 days, those ingested in whole or in part';
comment on column marts.city_activity.covered_28_days_before_count is
    'of the 28 days before, those ingested in whole or in part';
comment on column marts.city_activity.change_ratio is
    'posts a covered day in the 28 days / the same in the 28 days before; 1 is no '
    'change';
comment on column marts.city_activity.negative_share_28_days is
    'negative / scored posts of the 28 days, 0 to 1';
