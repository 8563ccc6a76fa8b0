-- Discovered styles: what tells them, how common they are, where they are in life.

create view marts.styles as
with newest as (
    select
        model_name,
        max(day) as day
    from trendlab.styles
    group by model_name
),

last_weeks as (
    select
        model_name,
        max(week_start_on) as week_start_on
    from marts.style_weeks
    where tracker = 'all' and city = 'all'
    group by model_name
),

-- a quarter of a year each, compared with the same weeks a year before, so that the
-- season falls out
windows (window_name, newest_week, oldest_week) as (
    values
    ('now', 0, 12),
    ('now_last_year', 52, 64),
    ('half_ago', 26, 38),
    ('half_ago_last_year', 78, 90)
),

changes as (
    select
        later.model_name,
        later.style_id,
        later.week_start_on,
        later.share - earlier.share as change
    from marts.style_weeks as later
    inner join marts.style_weeks as earlier
        on earlier.model_name = later.model_name
        and earlier.style_id = later.style_id
        and earlier.tracker = later.tracker
        and earlier.city = later.city
        and earlier.week_start_on = later.week_start_on - 364
    where later.tracker = 'all' and later.city = 'all'
),

-- weeks that follow each other are alike, and tell less than so many that do not: the
-- correlation of a week's change within a year with the week's before
pairs as (
    select
        changes.model_name,
        changes.style_id,
        coalesce(corr(changes.change, before.change), 0) as correlation,
        count(*) as pairs_count
    from changes
    inner join changes as before
        on before.model_name = changes.model_name
        and before.style_id = changes.style_id
        and before.week_start_on = changes.week_start_on - 7
    group by changes.model_name, changes.style_id
),

-- cleared of the bias of short series (Marriott and Pope 1954); a memory nearer to 1
-- cannot be told from a move
memories as (
    select
        model_name,
        style_id,
        least(
            greatest(
                (correlation + 1.0 / pairs_count) / (1 - 3.0 / greatest(pairs_count, 4)),
                0
            ),
            0.9
        ) as memory
    from pairs
),

means as (
    select
        weeks.model_name,
        weeks.style_id,
        windows.window_name,
        avg(weeks.share) as share,
        var_samp(weeks.share) / count(*) as variance
    from marts.style_weeks as weeks
    inner join last_weeks on last_weeks.model_name = weeks.model_name
    inner join windows
        on (last_weeks.week_start_on - weeks.week_start_on) / 7
        between windows.newest_week and windows.oldest_week
    where weeks.tracker = 'all' and weeks.city = 'all'
    group by weeks.model_name, weeks.style_id, windows.window_name
    -- fewer weeks tell too little of how much they vary
    having count(*) >= 10
),

compared as (
    select
        later.model_name,
        later.style_id,
        later.window_name,
        later.share,
        later.share / nullif(earlier.share, 0) as ratio,
        (later.share - earlier.share)
        / nullif(
            sqrt(
                (later.variance + earlier.variance)
                -- Bartlett 1946
                * (1 + coalesce(memories.memory, 0))
                / (1 - coalesce(memories.memory, 0))
            ),
            0
        ) as z
    from means as later
    inner join means as earlier
        on earlier.model_name = later.model_name
        and earlier.style_id = later.style_id
        and earlier.window_name = later.window_name || '_last_year'
    left join memories
        on memories.model_name = later.model_name
        and memories.style_id = later.style_id
),

-- 2.5 standard errors: with no move, up to 5 % of styles are said to move, the more the
-- longer their memory (docs/styles.md); and by a seventh at least, which is what a
-- person would see
moves as (
    select
        model_name,
        style_id,
        max(share) filter (where window_name = 'now') as share_now,
        max(ratio) filter (where window_name = 'now') as ratio_year,
        bool_or(z >= 2.5 and ratio >= 1.15) filter (where window_name = 'now') as is_up,
        bool_or(z <= -2.5 and ratio <= 1 / 1.15) filter (where window_name = 'now')
            as is_down,
        bool_or(z <= -2.5 and ratio <= 1 / 1.15) filter (where window_name = 'half_ago')
            as was_down
    from compared
    group by model_name, style_id
)

select
    styles.day as fitted_on,
    styles.day = newest.day as is_newest,
    styles.style_id,
    styles.name,
    styles.rank,
    styles.share,
    styles.garments,
    styles.colours,
    case
        when styles.day <> newest.day then null
        when moves.is_up is null then 'not_assessable'
        when moves.is_up and moves.was_down then 'returning'
        when moves.is_up then 'rising'
        when moves.is_down then 'fading'
        else 'steady'
    end as life_cycle,
    case when styles.day = newest.day then moves.share_now end as share_now,
    case when styles.day = newest.day then moves.ratio_year end as ratio_year,
    styles.matched_style_id,
    styles.likeness,
    styles.styles_count,
    styles.agreement,
    styles.gain,
    styles.looks_count,
    styles.window_from,
    styles.window_to,
    styles.model_name,
    styles.rule_version,
    styles.run_id
from trendlab.styles
inner join newest on newest.model_name = styles.model_name
left join moves
    on moves.model_name = styles.model_name
    and moves.style_id = styles.style_id;

comment on view marts.styles is
    'Styles discovered in looks: groups of garments and colours that go together. One '
    'row per fit (Monday), model and style.';
comment on column marts.styles.fitted_on is
    'Monday of the week that ends with the first Sunday of a quarter';
comment on column marts.styles.is_newest is 'true in the newest fit of the model';
comment on column marts.styles.share is 'share of the looks fitted on';
comment on column marts.styles.looks_count is 'looks fitted on';
comment on column marts.styles.life_cycle is
    'rising, fading or steady: the newest 13 weeks against the same weeks a year '
    'before, by 2.5 standard errors (wider where weeks resemble those before them) and a '
    'seventh; returning: rising after it had been fading half a year before; '
    'not_assessable with less than a year and a quarter; NULL in older fits';
comment on column marts.styles.share_now is
    'mean share of the newest 13 weeks, all cities';
comment on column marts.styles.ratio_year is
    'that share over the one of the same weeks a year before';
comment on column marts.styles.run_id is
    'the computation that wrote the row: a hash of step, day, code, settings and '
    'inputs, so equal inputs give equal rows';
