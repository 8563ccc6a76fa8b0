-- Rights of the two roles. Run by the owner after the tables are made; running it
-- again changes nothing. The roles themselves are created by warehouse/roles.py,
-- which draws their passwords.
--
-- trendlab_loader   replaces rows of the tables in schema trendlab, nothing else.
-- trendlab_analyst  reads the views in schema marts and calls the functions that
--                   look_vectors.sql puts there, nothing else.

create schema if not exists marts;

revoke all on schema trendlab, marts from public;

-- loader: rows, not definitions
revoke all on all tables in schema trendlab from trendlab_loader;
grant usage on schema trendlab to trendlab_loader;
grant select, insert, update, delete, truncate
    on all tables in schema trendlab to trendlab_loader;

-- analyst: views run with their owner's rights, so the tables stay closed
revoke all on schema trendlab from trendlab_analyst;
revoke all on all tables in schema trendlab from trendlab_analyst;
grant usage on schema marts to trendlab_analyst;
grant select on all tables in schema marts to trendlab_analyst;
alter default privileges in schema marts grant select on tables to trendlab_analyst;

alter role trendlab_analyst set default_transaction_read_only = on;
-- a question to the marts takes well under a second; a minute is a runaway join
alter role trendlab_analyst set statement_timeout = '60s';
alter role trendlab_analyst set idle_in_transaction_session_timeout = '5min';
alter role trendlab_analyst set lock_timeout = '10s';
alter role trendlab_analyst set search_path = marts;
alter role trendlab_analyst connection limit 20;
-- a bulk load may wait for an analyst's query, not for ever
alter role trendlab_loader set lock_timeout = '60s';
alter role trendlab_loader set search_path = trendlab;
