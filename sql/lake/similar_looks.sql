-- The looks whose appearance is nearest to a given one. One row per look, nearest
-- first; equal scores by day and key, so that the same lake gives the same list.
--
-- Relations:
--   looks    any days
--   media    the same days: where the photo is
-- Parameters:
--   $vector          128 floats of unit length
--   $model_name      vectors of two models, or of two versions of one, have nothing
--   $model_version   to do with each other
--   $row_count       most rows to give
--
-- * The score is the cosine, −1 to 1; vectors have unit length, so it is their
--   inner product.

with scored as (
    select
        day,
        source,
        post_id,
        media_index,
        look_index,
        garments_count,
        is_duplicate,
        list_inner_product(
            cast(vector as double []), cast($vector as double [])
        ) as score
    from looks
    where
        vector is not null
        and model_name = $model_name
        and model_version = $model_version
),

nearest as (
    select
        day,
        source,
        post_id,
        media_index,
        look_index,
        garments_count,
        is_duplicate,
        score
    from scored
    order by score desc, day, source, post_id, media_index, look_index
    limit $row_count
)

select
    n.score,
    n.day,
    n.source,
    n.post_id,
    n.media_index,
    n.look_index,
    n.garments_count,
    n.is_duplicate,
    m.path
from nearest as n
left join media as m
    on n.source = m.source
    and n.post_id = m.post_id
    and n.media_index = m.media_index
order by n.score desc, n.day, n.source, n.post_id, n.media_index, n.look_index
