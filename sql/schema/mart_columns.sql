-- The marts and their columns in order, with types and comments.

select
    views.relname as mart,
    obj_description(views.oid, 'pg_class') as mart_comment,
    columns.attname as column_name,
    format_type(columns.atttypid, columns.atttypmod) as column_type,
    coalesce(col_description(views.oid, columns.attnum), '') as column_comment
from pg_class as views
inner join pg_namespace as schemas on schemas.oid = views.relnamespace
inner join pg_attribute as columns
    on columns.attrelid = views.oid and columns.attnum > 0
where schemas.nspname = 'marts' and views.relkind = 'v'
order by views.relname, columns.attnum
