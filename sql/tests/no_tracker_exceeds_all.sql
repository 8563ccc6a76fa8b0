-- No tracker has more posts in a city and day than the tracker 'all'.

select
    mine.tracker,
    mine.city,
    mine.day,
    mine.posts_count,
    whole.posts_count as all_count
from trendlab.activity as mine
left join trendlab.activity as whole
    on whole.tracker = 'all'
    and whole.city = mine.city
    and whole.day = mine.day
where mine.posts_count > coalesce(whole.posts_count, 0)
    -- the day of 'all' is the UTC day, a tracker's may be a local one
    and not exists (
        select
        from trendlab.tracker_posts as matched
        where matched.tracker = mine.tracker
            and matched.day = mine.day
            and matched.day <> (matched.created_at at time zone 'UTC')::date
    )
