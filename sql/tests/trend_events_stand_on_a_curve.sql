-- Every event belongs to a curve of its day, its weeks are in order, and it lies on the
-- side of the expected share that its direction says.

select
    events.day,
    events.event_id,
    events.direction,
    events.share,
    events.expected_share
from trendlab.trend_events as events
where
    not exists (
        select
        from trendlab.city_trends as curves
        where curves.day = events.day
            and curves.tracker = events.tracker
            and curves.model_name = events.model_name
            and curves.city = events.city
            and curves.kind = events.kind
            and curves.value = events.value
    )
    or events.first_week_on > events.apex_week_on
    or events.apex_week_on > events.last_week_on
    or (events.direction = 'rise' and events.share <= events.expected_share)
    or (events.direction = 'drop' and events.share >= events.expected_share)
