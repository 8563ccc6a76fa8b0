-- How do places feel about each tracker, and did that change?
select
    tracker,
    city,
    sentiment_index,
    index_low,
    index_high,
    index_change,
    direction,
    scored_count
from marts.city_sentiment
where
    week_start_on = (select max(week_start_on) from marts.city_sentiment)
    and not is_suppressed
order by tracker, sentiment_index
