-- What was read, what was refused, and on how many days is something missing?
select
    source,
    posts_count,
    first_on,
    last_on,
    rejected_share,
    top_reasons,
    missing_days_count,
    partial_days_count,
    like_coverage,
    language_coverage
from marts.data_quality
order by posts_count desc
