-- What was computed when, for those who ask how fresh a number is.

create view marts.runs as
select
    step,
    day,
    status,
    rows_count,
    seconds,
    message,
    finished_at,
    run_id,
    code_hash,
    settings_hash,
    inputs_hash
from trendlab.runs;

comment on view marts.runs is
    'The newest run of each step and day. One row per step and day.';
comment on column marts.runs.day is 'day, or Monday of the week, that was computed';
