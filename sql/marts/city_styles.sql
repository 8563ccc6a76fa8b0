-- What is worn more in a city than elsewhere: its signature styles.

create view marts.city_styles as
with last_weeks as (
    select
        tracker,
        model_name,
        max(week_start_on) as week_start_on
    from marts.style_weeks
    group by tracker, model_name
),

-- half a year
counted as (
    select
        weeks.tracker,
        weeks.model_name,
        weeks.city,
        weeks.style_id,
        weeks.name,
        min(weeks.week_start_on) as window_from,
        max(weeks.week_start_on) + 6 as window_to,
        sum(weeks.looks_with_count)::double precision as looks_with_count,
        sum(weeks.looks_count)::double precision as looks_count
    from marts.style_weeks as weeks
    inner join last_weeks
        on last_weeks.tracker = weeks.tracker
        and last_weeks.model_name = weeks.model_name
        and weeks.week_start_on > last_weeks.week_start_on - 7 * 26
    where weeks.city <> 'unknown'
    group by
        weeks.tracker, weeks.model_name, weeks.city, weeks.style_id, weeks.name
),

-- the prior is 100 looks, worn as everywhere: a city-week that is just not thin
beside as (
    select
        here.tracker,
        here.model_name,
        here.city,
        here.style_id,
        here.name,
        here.window_from,
        here.window_to,
        here.looks_with_count,
        here.looks_count,
        everywhere.looks_with_count - here.looks_with_count as other_with_count,
        everywhere.looks_count - here.looks_count as other_count,
        100 * greatest(everywhere.looks_with_count / everywhere.looks_count, 0.001)
            as prior_with_count
    from counted as here
    inner join counted as everywhere
        on everywhere.tracker = here.tracker
        and everywhere.model_name = here.model_name
        and everywhere.style_id = here.style_id
        and everywhere.city = 'all'
    where here.city <> 'all'
),

-- log-odds against elsewhere with a Dirichlet prior: Monroe, Colaresi and Quinn 2008
scored as (
    select
        beside.*,
        ln(
            (looks_with_count + prior_with_count)
            / (looks_count + 100 - looks_with_count - prior_with_count)
        ) - ln(
            (other_with_count + prior_with_count)
            / (other_count + 100 - other_with_count - prior_with_count)
        ) as log_odds,
        sqrt(
            1 / (looks_with_count + prior_with_count)
            + 1 / (other_with_count + prior_with_count)
        ) as log_odds_error
    from beside
)

select
    tracker,
    city,
    style_id,
    name,
    looks_with_count / looks_count as share,
    other_with_count / nullif(other_count, 0) as share_elsewhere,
    log_odds,
    log_odds / log_odds_error as z,
    log_odds / log_odds_error >= 3 as is_signature,
    looks_count::bigint as looks_count,
    window_from,
    window_to,
    model_name
from scored;

comment on view marts.city_styles is
    'How much more a style is worn in a city than elsewhere, newest 26 weeks. One row '
    'per tracker, city, model and style.';
comment on column marts.city_styles.city is 'id of a monitored city';
comment on column marts.city_styles.share is 'share of the city''s looks';
comment on column marts.city_styles.share_elsewhere is
    'share of the looks of all other places, unknown ones included';
comment on column marts.city_styles.log_odds is
    'log-odds in the city minus elsewhere, drawn to 0 where there are few looks '
    '(Dirichlet prior of 100 looks)';
comment on column marts.city_styles.z is
    'log_odds over its standard error; looks of one author count as independent, so it '
    'is on the bold side';
comment on column marts.city_styles.is_signature is
    'z of 3 or more: a signature style of the city';
comment on column marts.city_styles.looks_count is 'looks of the city in the weeks';
comment on column marts.city_styles.window_from is 'first day of the weeks';
comment on column marts.city_styles.window_to is 'last day of the weeks';
