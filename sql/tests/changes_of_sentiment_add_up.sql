-- A tracker's change of index is its mix and within parts, its cities' parts add up to
-- those, and every index lies in its interval.

with cities as (
    select
        tracker,
        day,
        sum(mix_part) as mix_part,
        sum(within_part) as within_part
    from trendlab.city_sentiment
    where city <> 'all'
    group by tracker, day
)

select
    totals.tracker,
    totals.city,
    totals.day,
    totals.sentiment_index,
    totals.index_before,
    totals.mix_part,
    totals.within_part
from trendlab.city_sentiment as totals
left join cities
    on totals.city = 'all'
    and cities.tracker = totals.tracker
    and cities.day = totals.day
where
    totals.sentiment_index < totals.index_low - 1e-9
    or totals.sentiment_index > totals.index_high + 1e-9
    or (totals.sentiment_index is not null and totals.scored_count < 30)
    or (
        totals.city = 'all'
        and (
            abs(
                totals.sentiment_index - totals.index_before
                - totals.mix_part - totals.within_part
            ) > 1e-9
            or abs(totals.mix_part - cities.mix_part) > 1e-9
            or abs(totals.within_part - cities.within_part) > 1e-9
        )
    )
