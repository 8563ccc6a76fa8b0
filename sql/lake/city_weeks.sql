-- Looks with a garment, main colour, other attribute of a garment or style, counted
-- by ISO week, tracker, city and model. One row per week, tracker, city (and the city
-- 'all'), model, kind and value with at least one look; the kind 'look' with value ''
-- holds the looks seen, which the others are shares of.
--
-- Relations:
--   weeks(day)      Mondays to produce
--   tracker_posts   the seven days of each week
--   looks           UTC days from one before to one after those days (a tracker's
--   garments        local day reads its neighbours)
--   garment_tags
--   copies(day, source, post_id, media_index, model_name, group_id)
--                   photos of the week starting at day that are near-copies
--
-- * A look counts when it has a garment and is no near-copy of an earlier photo: of
--   copies within the week, the one of the tracker's earliest post counts.
-- * A look has a colour when the main colour (value_rank 0) of one of its garments
--   is that colour; what else is told of garments likewise. A look with two red
--   garments has red once, and a red and a blue one give it both colours.
-- * A post belongs to the week of its day in the tracker's time zone.
-- * Drawn garments (model 'simulated') take drawn tags only, detected garments
--   detected ones; the model named is that of the looks.

with matched as (
    select
        tp.tracker,
        tp.city,
        tp.source,
        tp.post_id,
        tp.created_at,
        weeks.day
    from tracker_posts as tp
    inner join weeks
        on tp.day >= weeks.day and tp.day < weeks.day + interval 7 day
    where not tp.is_excluded
),

seen as (
    select
        source,
        post_id,
        media_index,
        look_index,
        model_name,
        style
    from looks
    where garments_count > 0 and not is_duplicate
),

-- photos that say again what an earlier post of the tracker's week said
reposts as (
    select
        day,
        tracker,
        source,
        post_id,
        media_index,
        model_name
    from (
        select
            m.day,
            m.tracker,
            c.source,
            c.post_id,
            c.media_index,
            c.model_name,
            rank() over (
                partition by m.day, m.tracker, c.model_name, c.group_id
                order by m.created_at, c.source, c.post_id, c.media_index
            ) as place
        from copies as c
        inner join matched as m
            on c.day = m.day and c.source = m.source and c.post_id = m.post_id
        where
            exists (
                select 1
                from seen as s
                where
                    s.source = c.source
                    and s.post_id = c.post_id
                    and s.media_index = c.media_index
                    and s.model_name = c.model_name
            )
    ) as ranked
    where place > 1
),

-- what each look has, each value once
look_values as (
    select
        source,
        post_id,
        media_index,
        look_index,
        model_name,
        'garment' as kind,
        category as value
    from garments

    union

    select
        g.source,
        g.post_id,
        g.media_index,
        g.look_index,
        g.model_name,
        t.attribute as kind,
        t.value
    from garment_tags as t
    inner join garments as g
        on t.source = g.source
        and t.post_id = g.post_id
        and t.media_index = g.media_index
        and t.garment_index = g.garment_index
        and (t.model_name = 'simulated') = (g.model_name = 'simulated')
    where t.value_rank = 0

    union

    select
        source,
        post_id,
        media_index,
        look_index,
        model_name,
        'style' as kind,
        style as value
    from seen
    where style is not null

    union

    select
        source,
        post_id,
        media_index,
        look_index,
        model_name,
        'look' as kind,
        '' as value
    from seen
),

counted as (
    select
        m.day,
        m.tracker,
        m.city,
        v.model_name,
        v.kind,
        v.value,
        count(*) as looks_count
    from seen as s
    inner join look_values as v
        on s.source = v.source
        and s.post_id = v.post_id
        and s.media_index = v.media_index
        and s.look_index = v.look_index
        and s.model_name = v.model_name
    inner join matched as m
        on s.source = m.source and s.post_id = m.post_id
    left join reposts as r
        on m.day = r.day
        and m.tracker = r.tracker
        and s.source = r.source
        and s.post_id = r.post_id
        and s.media_index = r.media_index
        and s.model_name = r.model_name
    where r.post_id is null
    group by m.day, m.tracker, m.city, v.model_name, v.kind, v.value
),

everywhere as (
    select
        day,
        tracker,
        'all' as city,
        model_name,
        kind,
        value,
        cast(sum(looks_count) as bigint) as looks_count
    from counted
    group by day, tracker, model_name, kind, value
)

select day, tracker, city, model_name, kind, value, looks_count
from counted
union all
select day, tracker, city, model_name, kind, value, looks_count
from everywhere
order by day, tracker, city, model_name, kind, value
