-- Every open alert is about a peak or dip that is still there. One whose event a
-- later computation took back stays as history once it is acknowledged.

select
    alerts.alert_id,
    alerts.event_kind,
    alerts.event_id,
    alerts.day
from marts.alerts
where alerts.is_open
    and alerts.status = 'pending'
    and not exists (
        select
        from trendlab.peaks
        where alerts.event_kind = 'peak' and peaks.peak_id = alerts.event_id
    )
    and not exists (
        select
        from trendlab.dips
        where alerts.event_kind = 'dip' and dips.dip_id = alerts.event_id
    )
