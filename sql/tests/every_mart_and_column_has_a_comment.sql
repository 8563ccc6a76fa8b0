-- Every mart and every column of it has a comment.

select
    views.relname as mart,
    columns.attname as column_name
from pg_class as views
inner join pg_attribute as columns
    on columns.attrelid = views.oid and columns.attnum > 0
where views.relnamespace = 'marts'::regnamespace
    and views.relkind = 'v'
    and (
        col_description(views.oid, columns.attnum) is null
        or obj_description(views.oid, 'pg_class') is null
    )
order by mart, column_name
