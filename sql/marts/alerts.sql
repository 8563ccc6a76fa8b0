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
    acknowledged_at is null and status in ('pending', 'sent', 'failed') as is_open
from trendlab.alerts;

comment on view marts.alerts is 'Alerts raised. One row per alert.';
comment on column marts.alerts.day is 'day that the alert is about';
comment on column marts.alerts.is_open is
    'true while nobody acknowledged it; those backfilled or cooled down are not open';
