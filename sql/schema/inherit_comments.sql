-- A column of a mart that has no comment of its own and the name of a column that
-- its view reads means the same thing: it takes over that column's comment. Where
-- the columns of that name have different comments, the view must say which
-- (sql/tests/every_mart_column_has_a_comment.sql).

do $$
declare
    missing record;
begin
    for missing in
        with wanted as (
            select views.oid, views.relname, columns.attnum, columns.attname
            from pg_class as views
            inner join pg_attribute as columns
                on columns.attrelid = views.oid and columns.attnum > 0
            where views.relnamespace = 'marts'::regnamespace
                and views.relkind = 'v'
                and col_description(views.oid, columns.attnum) is null
        ),

        read as (
            select distinct
                wanted.relname,
                wanted.attname,
                col_description(depends.refobjid, depends.refobjsubid) as comment
            from wanted
            inner join pg_rewrite as rules on rules.ev_class = wanted.oid
            inner join pg_depend as depends
                on depends.classid = 'pg_rewrite'::regclass
                and depends.objid = rules.oid
                and depends.refclassid = 'pg_class'::regclass
                and depends.refobjid <> wanted.oid
            inner join pg_attribute as columns
                on columns.attrelid = depends.refobjid
                and columns.attnum = depends.refobjsubid
                and columns.attname = wanted.attname
        )

        select relname, attname, min(comment) as comment
        from read
        where comment is not null
        group by relname, attname
        having count(distinct comment) = 1
    loop
        execute format(
            'comment on column marts.%I.%I is %L',
            missing.relname, missing.attname, missing.comment
        );
    end loop;
end
$$;
