-- Where did the mood turn, and over what?
select
    apex_on,
    tracker,
    city,
    topic,
    severity,
    negative_share,
    baseline_share,
    top_words,
    dip_id
from marts.dips
order by apex_on desc, severity desc
limit 10
