-- The comment of every mart says "One row per …".

select relname as mart
from pg_class
where relnamespace = 'marts'::regnamespace
    and relkind = 'v'
    and coalesce(obj_description(oid, 'pg_class'), '') !~ 'One row per '
order by mart
