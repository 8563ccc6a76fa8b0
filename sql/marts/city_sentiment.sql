-- What each place feels over four weeks, and whether that changes.

create view marts.city_sentiment as
select
    felt.day as week_start_on,
    felt.day + 6 as last_on,
    felt.tracker,
    felt.city,
    cities.name as city_name,
    cities.country_code,
    cities.region,
    felt.scored_count,
    felt.positive_count,
    felt.negative_count,
    felt.authors_count,
    felt.sentiment_index is null as is_suppressed,
    felt.sentiment_index,
    felt.index_low,
    felt.index_high,
    felt.scored_before_count,
    felt.index_before,
    felt.sentiment_index - felt.index_before as index_change,
    felt.mix_part,
    felt.within_part,
    felt.weekly_slope,
    felt.slope_low,
    felt.slope_high,
    felt.tau,
    felt.p_value,
    felt.weeks_count,
    felt.direction,
    felt.rule_version,
    felt.run_id
from trendlab.city_sentiment as felt
left join trendlab.cities on cities.city = felt.city;

comment on view marts.city_sentiment is
    'Sentiment index of the four weeks that end with a week, by place: its interval, '
    'its change, the slope over half a year, and what the change is made of. With '
    'fewer than 30 scored posts nothing is said. One row per tracker, city and week.';
comment on column marts.city_sentiment.week_start_on is
    'Monday of the last of the four weeks';
comment on column marts.city_sentiment.last_on is 'Sunday that the four weeks end with';
comment on column marts.city_sentiment.city is
    'id of a monitored city, ''unknown'', or ''all'' for every post';
comment on column marts.city_sentiment.city_name is 'its name';
comment on column marts.city_sentiment.is_suppressed is
    'true where fewer than 30 posts were scored, and no index is shown';
comment on column marts.city_sentiment.index_change is
    'index minus the index of the four weeks before; of ''all'' it is mix_part + '
    'within_part';
