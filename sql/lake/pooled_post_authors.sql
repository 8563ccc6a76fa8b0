-- Authors of the negative posts of pooled days: one row per cell asked for. An author
-- counts once, on however many of the days they wrote. The daily counts of activity.sql
-- cannot be added to that.
--
-- Relations: cells(tracker, city, pooled_from, day), tracker_posts of those days,
-- sentiment from one UTC day before to one after. Unknown authors are not counted, and
-- an author's id is the network's, as in activity.sql.

with negatives as (
    select source, item_id as post_id
    from sentiment
    where item_kind = 'post' and is_scored and label = 'negative'
),

said as (
    select
        cells.tracker,
        cells.city,
        split_part(tp.source, '__', 1) as network,
        tp.author_id
    from cells
    inner join tracker_posts as tp
        on tp.tracker = cells.tracker
        and tp.day between cells.pooled_from and cells.day
        and cells.city in ('all', tp.city)
    semi join negatives
        on negatives.source = tp.source and negatives.post_id = tp.post_id
    where not tp.is_excluded and tp.author_id is not null
)

select
    cells.tracker,
    cells.city,
    count(distinct (said.network, said.author_id)) filter (
        where said.author_id is not null
    ) as authors_count
from cells
left join said on said.tracker = cells.tracker and said.city = cells.city
group by cells.tracker, cells.city
