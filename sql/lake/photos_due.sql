-- Photos that are offered and whose next try has come, those of the newest posts
-- first: signed addresses of networks end within days. One row per photo.

select
    day,
    source,
    post_id,
    media_index,
    media_kind,
    url,
    status,
    observed_at,
    http_status,
    tries_count,
    next_try_at
from media
where
    status = 'offered'
    and url is not null
    and (next_try_at is null or next_try_at <= $now)
order by day desc, source asc, post_id asc, media_index asc
limit $most
