-- Posts of one source that are due for another reading of their counts: those that
-- have reached an age lately and have no reading at that age or later. One row per
-- post, the youngest age that it is due for first.
--
-- Relations: posts and engagement (of the days that can be due), ages(age_seconds,
-- window_seconds), asked(source, now).

with reached as (
    select
        posts.post_id,
        posts.created_at,
        ages.age_seconds
    from posts
    inner join asked on asked.source = posts.source
    cross join ages
    where
        not posts.is_repost
        and epoch(asked.now) - epoch(posts.created_at)
        between ages.age_seconds and ages.age_seconds + ages.window_seconds
),

last_readings as (
    select
        engagement.post_id,
        max(epoch(engagement.observed_at)) as read_epoch
    from engagement
    inner join asked on asked.source = engagement.source
    group by engagement.post_id
)

select
    reached.post_id,
    min(reached.age_seconds) as age_seconds
from reached
left join last_readings on last_readings.post_id = reached.post_id
where
    last_readings.read_epoch is null
    or last_readings.read_epoch - epoch(reached.created_at) < reached.age_seconds
group by reached.post_id
order by age_seconds, reached.post_id
