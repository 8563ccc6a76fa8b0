-- Where authors are at home at the end of each week: one row per week, source and
-- author of whom enough is told.
--
-- Relations: weeks(day, run_id) named by their Monday, author_cities from 180 days
-- before the first week's end to the last week's. Parameters: home_days, min_posts and
-- min_share (when posts tell a home), rule_version.

with counted as (
    select
        weeks.day,
        any_value(weeks.run_id) as run_id,
        ac.source,
        ac.author_id,
        ac.city,
        sum(ac.located_count)::bigint as located_count,
        max(ac.day) filter (where ac.profile_count > 0) as profile_on
    from author_cities as ac
    inner join weeks
        on ac.day <= weeks.day + 6 and ac.day > weeks.day + 6 - $home_days
    group by weeks.day, ac.source, ac.author_id, ac.city
),

-- of equals a monitored city, then the alphabet
told as (
    select
        day,
        any_value(run_id) as run_id,
        source,
        author_id,
        sum(located_count)::bigint as located_count,
        max(located_count) as top_count,
        max_by(city, {
            'posts': located_count, 'is_known': city <> 'unknown', 'city': city
        }) as top_city,
        max_by(city, {
            'on': profile_on, 'is_known': city <> 'unknown', 'city': city
        }) filter (where profile_on is not null) as profile_city
    from counted
    group by day, source, author_id
),

judged as (
    select
        *,
        located_count >= $min_posts as is_enough,
        located_count >= $min_posts
        and top_count >= $min_share * located_count as is_told_by_posts
    from told
)

select
    day,
    source,
    author_id,
    case
        when is_told_by_posts then top_city
        else coalesce(profile_city, 'unknown')
    end as home_city,
    case
        when is_told_by_posts then 'posts'
        when profile_city is not null then 'profile'
        else 'unknown'
    end as home_source,
    located_count,
    top_count / nullif(located_count, 0)::double as home_share,
    $rule_version as rule_version,
    run_id
from judged
where is_enough or profile_city is not null
order by day, source, author_id
