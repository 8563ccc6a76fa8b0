-- Lets the planner look again at tables that were never looked at or grew by a
-- fifth since. A night adds less; the server's own housekeeping follows it.

do $$
declare
    grown record;
begin
    for grown in
        select relname
        from pg_class
        where relnamespace = 'trendlab'::regnamespace
            and relkind = 'r'
            and pg_relation_size(oid) > 0
            and (
                reltuples < 0
                or pg_relation_size(oid) / current_setting('block_size')::int
                > 1.2 * relpages
            )
    loop
        execute format('analyze trendlab.%I', grown.relname);
    end loop;
end
$$;
