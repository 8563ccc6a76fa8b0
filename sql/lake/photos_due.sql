-- Photos that are offered and whose next try has come. Domains take turns, and so do
-- the hosts of each, so that neither a host with many photos nor one with a name for
-- every photo (`a1.x.example`, `a2.x.example`, …) pushes out the others. Of a host, the
-- newest posts first: signed addresses of networks end within days.
-- One row per photo.

with offered as (
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
        next_try_at,
        lower(
            regexp_extract(
                url, '^[a-zA-Z]+://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)', 1
            )
        ) as host
    from media
    where
        status = 'offered'
        and url is not null
        and (next_try_at is null or next_try_at <= $now)
),

-- What one owner can give names below: the last two labels, or three below a suffix
-- such as `co.uk`. Hosts below other suffixes that many owners share (`github.io`)
-- count as one domain. A number is its own.
named as (
    select
        *,
        case
            when regexp_matches(host, '^[0-9.]*$') or starts_with(host, '[') then host
            else coalesce(
                nullif(
                    regexp_extract(
                        host,
                        '([^.]+\.(?:(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}'
                        || '|[^.]+))\.?$',
                        1
                    ),
                    ''
                ),
                host
            )
        end as domain
    from offered
),

in_hosts as (
    select
        *,
        row_number() over (
            partition by domain, host
            order by day desc, source asc, post_id asc, media_index asc
        ) as host_turn
    from named
),

in_domains as (
    select
        *,
        row_number() over (
            partition by domain
            order by
                host_turn asc,
                day desc,
                source asc,
                post_id asc,
                media_index asc
        ) as domain_turn
    from in_hosts
)

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
    next_try_at,
    domain
from in_domains
order by
    domain_turn asc,
    day desc,
    source asc,
    post_id asc,
    media_index asc
limit $most
