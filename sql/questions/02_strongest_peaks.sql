-- Which peaks were strongest, how far above the usual, and what drove them?
select
    apex_on,
    tracker,
    city,
    measure,
    severity,
    ratio,
    top_hashtags,
    top_words,
    authors_verdict
from marts.peaks
order by severity desc, apex_on desc
limit 10
