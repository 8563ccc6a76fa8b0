-- Looks of photos whose perceptual hash is known, for finding copies. One row per
-- look, by key. Drawn looks have no photo and no hash.
--
-- Relations:
--   looks

select
    source,
    post_id,
    media_index,
    model_name,
    model_version,
    photo_hash,
    vector
from looks
where photo_hash is not null
order by source, post_id, media_index, look_index, model_name, model_version
