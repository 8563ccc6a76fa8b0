-- What each look has: its garments, each class once, and the main colour of each
-- garment, joined by |. One row per look.
--
-- Relations:
--   tracker_posts   the days wanted
--   looks           the same days
--   garments
--   garment_tags
--
-- * A look counts when it has a garment, is no near-copy of an earlier photo, and
--   its post belongs to a tracker and is not excluded.
-- * Drawn garments (model 'simulated') take drawn tags only, detected garments
--   detected ones.

with chosen as (
    select
        looks.source,
        looks.post_id,
        looks.media_index,
        looks.look_index,
        looks.model_name
    from looks
    where
        looks.garments_count > 0
        and not looks.is_duplicate
        and exists (
            select 1
            from tracker_posts
            where
                tracker_posts.source = looks.source
                and tracker_posts.post_id = looks.post_id
                and tracker_posts.tracker = 'all'
                and not tracker_posts.is_excluded
        )
),

worn as (
    select
        source,
        post_id,
        media_index,
        look_index,
        model_name,
        string_agg(distinct category, '|' order by category) as garments
    from garments
    group by source, post_id, media_index, look_index, model_name
),

coloured as (
    select
        g.source,
        g.post_id,
        g.media_index,
        g.look_index,
        g.model_name,
        string_agg(t.value, '|' order by t.value) as colours
    from garment_tags as t
    inner join garments as g
        on t.source = g.source
        and t.post_id = g.post_id
        and t.media_index = g.media_index
        and t.garment_index = g.garment_index
        and (t.model_name = 'simulated') = (g.model_name = 'simulated')
    where t.value_rank = 0 and t.attribute = 'colour'
    group by g.source, g.post_id, g.media_index, g.look_index, g.model_name
)

select
    chosen.source,
    chosen.post_id,
    chosen.media_index,
    chosen.look_index,
    chosen.model_name,
    worn.garments,
    coalesce(coloured.colours, '') as colours
from chosen
inner join worn
    on chosen.source = worn.source
    and chosen.post_id = worn.post_id
    and chosen.media_index = worn.media_index
    and chosen.look_index = worn.look_index
    and chosen.model_name = worn.model_name
left join coloured
    on chosen.source = coloured.source
    and chosen.post_id = coloured.post_id
    and chosen.media_index = coloured.media_index
    and chosen.look_index = coloured.look_index
    and chosen.model_name = coloured.model_name
order by
    chosen.model_name,
    chosen.source,
    chosen.post_id,
    chosen.media_index,
    chosen.look_index
