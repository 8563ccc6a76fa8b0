-- Negatives and positives are scored posts, and scored posts are posts.

select
    tracker,
    city,
    day,
    posts_count,
    scored_count,
    negative_count,
    positive_count
from trendlab.activity
where scored_count > posts_count
    or negative_count + positive_count > scored_count
