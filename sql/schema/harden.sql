-- What Postgres lets everybody do and nobody here needs. For a server that is
-- trendlab's alone (the embedded one); in a shared database an administrator
-- decides.

do $$
begin
    execute format(
        'revoke all on database %I from public', current_database()
    );
    execute format(
        'grant connect on database %I to trendlab_loader, trendlab_analyst',
        current_database()
    );
end
$$;

revoke all on schema public from public;

-- no `do` blocks and no functions of one's own
revoke usage on language plpgsql from public;

-- large objects are written by functions, beside all table rights
revoke execute on function
    pg_catalog.lo_creat(integer),
    pg_catalog.lo_create(oid),
    pg_catalog.lo_from_bytea(oid, bytea),
    pg_catalog.lo_put(oid, bigint, bytea),
    pg_catalog.lo_open(oid, integer),
    pg_catalog.lowrite(integer, bytea),
    pg_catalog.lo_truncate(integer, integer),
    pg_catalog.lo_truncate64(integer, bigint),
    pg_catalog.lo_unlink(oid)
from public;
