-- Alerts that were raised, and where they stand.

create view marts.alerts as
select
    alert_id,
    day,
    rule,
    tracker,
    city,
    event_kind,
    event_id,
    severity,
    title,
    body,
    status,
    channels,
    attempts_count,
    raised_at,
    sent_at,
    acknowledged_at,
    acknowledged_by,
    follows_alert_id,
    acknowledged_at is null
    and follows_alert_id is null
    and status in ('pending', 'sent', 'failed') as is_open
from trendlab.alerts;

comment on view marts.alerts is
    'Alerts raised, and the follow-ups on those whose event is over. One row per alert.';
comment on column marts.alerts.day is 'day that the alert is about';
comment on column marts.alerts.is_open is
    'true while nobody acknowledged it; those backfilled or cooled down, and follow-ups, are '
    'not open';
