from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, world
from trendlab.errors import WarehouseError
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days
from trendlab.warehouse.query import ask


def test_an_answer_has_names_and_rows(warehouse: Warehouse) -> None:
    answer = ask(warehouse.analyst, "select 1 as one, 'a%b' as two;")
    assert (answer.names, answer.rows) == (["one", "two"], [(1, "a%b")])
    assert not answer.is_cut


def test_an_empty_answer_has_names(warehouse: Warehouse) -> None:
    answer = ask(warehouse.analyst, "select peak_id from marts.peaks", limit=3)
    assert (answer.names, answer.rows, answer.is_cut) == (["peak_id"], [], False)


def test_a_long_answer_is_cut_and_says_so(warehouse: Warehouse) -> None:
    question = "select n from generate_series(1, 3000) as n"
    assert ask(warehouse.analyst, question, limit=2).rows == [(1,), (2,)]
    assert ask(warehouse.analyst, question, limit=2).is_cut
    assert not ask(warehouse.analyst, question, limit=3000).is_cut
    assert len(ask(warehouse.analyst, question).rows) == 3000


def test_the_marts_answer(warehouse: Warehouse) -> None:
    tables = world()
    load_days(warehouse.loader, MONDAY, tables["posts"]["day"][-1].as_py(), tables)
    answer = ask(
        warehouse.analyst,
        "select tracker, sum(posts_count)::int from activity_daily "
        "where city = 'all' group by tracker order by tracker",
    )
    assert answer.rows == [("all", 84), ("outfits", 56), ("shoes", 28)]


@pytest.mark.parametrize("question", ["show timezone", "explain select 1"])
def test_what_yields_rows_without_being_a_select_is_answered(
    warehouse: Warehouse, question: str
) -> None:
    assert ask(warehouse.analyst, question, limit=1).rows


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "ask one SELECT"),
        (" ; ", "ask one SELECT"),
        ("selec 1", "syntax error"),
        ("select * from nowhere", "nowhere"),
        ("select * from trendlab.posts", "permission denied"),
        ("select 1; delete from trendlab.posts", "refused"),
        ("with gone as (delete from trendlab.posts returning 1) select 1", "refused"),
        ("set timezone to 'UTC'", "yields no rows"),
        ("create table x (n int)", "read-only"),
        (
            "select set_config('role', 'trendlab_owner', false), "
            "query_to_xml('select * from trendlab.posts', true, true, '')",
            "permission denied",
        ),
    ],
)
def test_other_questions_are_refused_in_words(
    warehouse: Warehouse, question: str, message: str
) -> None:
    with pytest.raises(WarehouseError, match=message):
        ask(warehouse.analyst, question)


def refusal(warehouse: Warehouse, question: str) -> list[str]:
    with pytest.raises(WarehouseError) as caught:
        ask(warehouse.analyst, question, limit=5)
    return str(caught.value).removeprefix("the question was refused: ").splitlines()


def test_what_is_wrong_is_shown_in_the_analysts_own_words(warehouse: Warehouse) -> None:
    assert refusal(warehouse, "  select apex_on,\n  severty from marts.peaks;") == [
        'column "severty" does not exist',
        "line 2, character 3:   severty from marts.peaks",
        "                       ^",
        'hint: Perhaps you meant to reference the column "peaks.severity".',
    ]


def test_a_place_behind_a_long_line_is_shown_with_what_is_around_it(
    warehouse: Warehouse,
) -> None:
    question = f"select {'1, ' * 100}'é', wrong, {'2, ' * 100}3"
    message, line, mark = refusal(warehouse, question)

    assert message == 'column "wrong" does not exist'
    assert line[mark.index("^") :].startswith("wrong, 2, 2,")
    assert len(line) < 160


@pytest.mark.parametrize(
    "question",
    [
        "selec 1",
        "select * from nowhere",
        "select 1 from",
        "with gone as (delete from marts.peaks returning 1) select 1 from gone",
        "select 1 into x",
        "select 1; select 2",
        "select 1 / 0",
        "explain select wrong",
    ],
)
def test_no_refusal_tells_how_the_question_was_sent(
    warehouse: Warehouse, question: str
) -> None:
    told = " ".join(refusal(warehouse, question)).lower()
    assert "declare" not in told
    assert "cursor" not in told
    assert "prepared" not in told


def test_a_runaway_question_is_ended_by_its_time_limit(warehouse: Warehouse) -> None:
    impatient = sa.create_engine(
        warehouse.analyst.url,
        connect_args={"options": "-c statement_timeout=200ms"},
        poolclass=sa.NullPool,
    )
    with pytest.raises(WarehouseError, match="statement timeout"):
        ask(impatient, "select pg_sleep(30)")
