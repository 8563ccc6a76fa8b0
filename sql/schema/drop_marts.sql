-- Drops the views of schema marts, those of nobody else: a view elsewhere that
-- stands on a mart makes this fail.

do $$
declare
    views text;
begin
    select string_agg(format('%I.%I', schemaname, viewname), ', ')
    into views
    from pg_views
    where schemaname = 'marts';
    if views is not null then
        -- one statement, so that views may stand on each other
        execute 'drop view ' || views;
    end if;
end
$$;
