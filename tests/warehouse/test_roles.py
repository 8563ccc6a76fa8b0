from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

FOR_ANALYSTS_FORBIDDEN = [
    "select * from trendlab.posts",
    "select * from trendlab.loaded_days",
    "insert into trendlab.cities (city) values ('x')",
    "delete from marts.posts",
    "update marts.cities set name = 'x'",
    "create table marts.mine (n int)",
    "create table public.mine (n int)",
    "create temporary table mine (n int)",
    "create view marts.mine as select 1",
    "create schema mine",
    "create function marts.mine() returns int language sql as 'select 1'",
    "create function public.mine() returns int language sql as 'select 1'",
    "create role friend login",
    "drop extension vector",
    "drop function marts.nearest_looks",
    "drop view marts.posts",
    "alter role trendlab_analyst superuser",
    "alter role trendlab_loader password 'x'",
    "set role trendlab_loader",
    "set role trendlab_owner",
    "set session authorization trendlab_owner",
    "do $$ begin perform 1; end $$",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "copy (select 1) to '/tmp/trendlab_stolen'",
    "copy (select 1) to program 'true'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select rolpassword from pg_authid",
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where usename = 'trendlab_owner'",
    "select query_to_xml('select * from trendlab.posts', true, true, '')",
    "truncate trendlab.posts",
    "alter system set jit = on",
]
FOR_LOADERS_FORBIDDEN = [
    "drop table trendlab.posts",
    "alter table trendlab.posts add column x int",
    "create table trendlab.mine (n int)",
    "create table marts.mine (n int)",
    "create table public.mine (n int)",
    "create temporary table mine (n int)",
    "create schema mine",
    "create role friend login",
    "create index on trendlab.posts (caption)",
    "drop view marts.posts",
    "select * from marts.posts",
    "set role trendlab_owner",
    "set role trendlab_analyst",
    "alter role trendlab_analyst password 'x'",
    "do $$ begin perform 1; end $$",
    "select pg_read_file('/etc/passwd')",
    "copy trendlab.posts to '/tmp/trendlab_stolen'",
    "select rolpassword from pg_authid",
]


def refused(url: str, statement: str) -> psycopg.Error:
    """Run a statement as plainly as a client can and return what refused it."""
    with psycopg.connect(url, autocommit=True) as connection:
        # the role's own read-only default is no protection: anyone may lift it
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(statement.encode()).fetchall()
    return caught.value


@pytest.fixture(scope="module")
def loaded(served: Warehouse) -> Iterator[Warehouse]:
    """A warehouse with a post; nothing here can change it."""
    load_days(
        served.loader, MONDAY, MONDAY, {"posts": rows_of("posts", {"post_id": "p"})}
    )
    yield served
    with served.owner.begin() as connection:
        kept = connection.execute(sa.text("delete from trendlab.posts")).rowcount
    assert kept == 1


@pytest.mark.parametrize("statement", FOR_ANALYSTS_FORBIDDEN)
def test_an_analyst_cannot(loaded: Warehouse, statement: str) -> None:
    with loaded.owner.connect() as connection:
        # somebody for them to terminate
        connection.execute(sa.text("select 1"))
        error = refused(loaded.url("analyst"), statement)
    assert isinstance(
        error,
        psycopg.errors.InsufficientPrivilege
        | psycopg.errors.ObjectNotInPrerequisiteState
        | psycopg.errors.InvalidParameterValue,
    ), error


@pytest.mark.parametrize("statement", FOR_LOADERS_FORBIDDEN)
def test_a_loader_cannot(loaded: Warehouse, statement: str) -> None:
    error = refused(loaded.url("loader"), statement)
    assert isinstance(error, psycopg.errors.InsufficientPrivilege), error


def test_an_analyst_reads_every_mart_without_naming_the_schema(
    loaded: Warehouse,
) -> None:
    with loaded.analyst.connect() as connection:
        marts = connection.execute(
            sa.text("select viewname from pg_views where schemaname = 'marts'")
        )
        names = [row.viewname for row in marts]
        assert len(names) > 20
        for name in names:
            connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))


def test_a_question_of_an_analyst_ends_after_a_minute(served: Warehouse) -> None:
    with served.analyst.connect() as connection:
        told = connection.execute(sa.text("show statement_timeout")).scalar_one()
        read_only = connection.execute(
            sa.text("show transaction_read_only")
        ).scalar_one()
    assert (told, read_only) == ("1min", "on")


def test_preparing_again_keeps_rights_and_passwords(
    loaded: Warehouse, server_folder: Path
) -> None:
    loaded.prepare(server_folder)
    with psycopg.connect(loaded.url("analyst")) as connection:
        rows = connection.execute("select count(*) from posts").fetchone()
    assert rows == (0,)
