-- A post is stored once: a source that moves it to another day must not double it.

select
    source,
    post_id,
    count(*) as rows_count
from trendlab.posts
group by source, post_id
having count(*) > 1
