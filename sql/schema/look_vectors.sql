-- Nearest looks by pgvector. Run by the owner after tables and roles are made, where
-- the extension is installed, with it on the search path (warehouse/nearest.py);
-- running it again changes nothing.
--
-- The vectors arrive as real[], which COPY writes; Postgres makes of each a `vector`
-- of its own, in the same row, so that they are replaced with the day. No index:
-- hnsw answers in a tenth of the time, finds less than all of the nearest, and makes
-- a load of looks a hundred times slower (docs/vision.md).

do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'trendlab.looks'::regclass and attname = 'embedding'
    ) then
        alter table trendlab.looks
        add column embedding vector(128)
        generated always as (vector::vector(128)) stored;
    end if;
end
$$;

comment on column trendlab.looks.embedding is
'appearance as pgvector compares it, made of the column vector';

-- analysts read marts only: the functions run with their owner's rights, on the
-- search path of this session, and do nothing but read looks
create or replace function marts.nearest_looks(
    appearance real [],
    name_of_model text,
    version_of_model text,
    row_count bigint default 10
)
returns table (
    score double precision,
    day date,
    source text,
    post_id text,
    media_index bigint,
    look_index bigint,
    look_kind text,
    garments_count bigint,
    is_duplicate boolean
)
language sql stable security definer
set search_path from current
as $$
    select
        -(looks.embedding <#> appearance::vector(128)),
        looks.day,
        looks.source,
        looks.post_id,
        looks.media_index,
        looks.look_index,
        looks.look_kind,
        looks.garments_count,
        looks.is_duplicate
    from trendlab.looks as looks
    where
        looks.embedding is not null
        and looks.model_name = name_of_model
        and looks.model_version = version_of_model
    order by
        looks.embedding <#> appearance::vector(128),
        looks.day,
        looks.source,
        looks.post_id,
        looks.media_index,
        looks.look_index
    limit row_count
$$;

comment on function marts.nearest_looks is
'The looks nearest to an appearance (128 floats of unit length) that a model told, '
'nearest first: score is the cosine, -1 to 1. Looks of other models and versions '
'cannot be compared and are left out; one row per look.';

create or replace function marts.similar_looks(
    of_source text,
    of_post_id text,
    of_media_index bigint default 0,
    of_look_index bigint default 0,
    row_count bigint default 10
)
returns table (
    score double precision,
    day date,
    source text,
    post_id text,
    media_index bigint,
    look_index bigint,
    look_kind text,
    garments_count bigint,
    is_duplicate boolean
)
language sql stable security definer
set search_path from current
as $$
    select nearest.*
    from trendlab.looks as asked
    cross join lateral marts.nearest_looks(
        asked.vector, asked.model_name, asked.model_version, row_count + 1
    ) as nearest
    where
        asked.source = of_source
        and asked.post_id = of_post_id
        and asked.media_index = of_media_index
        and asked.look_index = of_look_index
        and asked.vector is not null
        and (nearest.source, nearest.post_id, nearest.media_index, nearest.look_index)
        <> (of_source, of_post_id, of_media_index, of_look_index)
    order by
        nearest.score desc,
        nearest.day,
        nearest.source,
        nearest.post_id,
        nearest.media_index,
        nearest.look_index
    limit row_count
$$;

comment on function marts.similar_looks is
'The looks nearest to a look, itself left out, nearest first: score is the cosine, '
'-1 to 1. Nothing for a look that is not there or has no vector; one row per look.';

revoke all on function marts.nearest_looks from public;
revoke all on function marts.similar_looks from public;
grant execute on function marts.nearest_looks, marts.similar_looks
to trendlab_analyst;
