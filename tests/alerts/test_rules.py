"""Alerts: what is told, once, and what is kept quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.alerts.events import DAY, NOW, RULE, dip, peak, raised
from trendlab.alerts import AlertRule, acknowledge_alert, backtest_alerts
from trendlab.errors import AlertError
from trendlab.schemas import TABLES
from trendlab.trackers import QuietHours


def proof(event_id: str, kind: str, rank: int, **more: Any) -> dict[str, Any]:
    return {
        "day": DAY, "event_kind": "dip", "event_id": event_id,
        "evidence_kind": kind, "rank": rank, "item": "x", "run_id": "r", **more,
    }  # fmt: skip


def test_a_planted_dip_raises_one_pending_alert_with_all_it_needs() -> None:
    event = dip(topic="advent calendar", severity=8)
    alerts = raised(
        [event],
        evidence=[
            proof(event["dip_id"], "word", 1, label="advent", strength=12.0),
            proof(event["dip_id"], "word", 2, label="stickers", strength=9.0),
            proof(
                event["dip_id"], "post", 1, label="what a rip off", strength=-0.8,
                url="https://example.org/p/1",
            ),
            proof(event["dip_id"], "author", 1, label="mara", strength=0.21),
            proof(event["dip_id"], "city", 1, label="paris", strength=0.6),
        ],
    )  # fmt: skip

    assert alerts.schema.equals(TABLES["alerts"].arrow)
    row = alerts.to_pylist()[0]
    assert (row["status"], row["rule"], row["day"]) == ("pending", "negative_peak", DAY)
    assert row["title"] == (
        'Negative peak: chanel about "advent calendar", everywhere, 2021-12-03 '
        "(severity 8 of 10)"
    )
    for part in (
        "WHAT HAPPENED", "272 of 544 scored posts of chanel", "50%. 17% would be usual",
        "HOW UNUSUAL", "2.9 times the usual share, p < 1e-12", "80% of the posts",
        "WHY WE THINK SO", "advent, stickers", '- "what a rip off" (compound -0.80)',
        "https://example.org/p/1", "WHO AND WHERE", "201 authors", "mara 21%",
        "paris 60%", "WHAT TO RUN NEXT",
        "trendlab report --notebook crisis --to 2021-12-03 --tracker chanel",
        f"trendlab alert ack {row['alert_id'][:8]}", event["dip_id"],
    ):  # fmt: skip
        assert part in row["body"]


def test_no_events_raise_a_typed_empty_table() -> None:
    assert raised().equals(TABLES["alerts"].empty())


def test_a_tracker_without_a_rule_raises_nothing() -> None:
    assert raised([dip()], rules=[]).num_rows == 0


def test_a_dip_below_the_threshold_raises_nothing() -> None:
    rule = AlertRule("chanel", min_severity=7)

    assert raised([dip(severity=6)], rules=[rule]).num_rows == 0
    assert raised([dip(severity=7)], rules=[rule]).num_rows == 1


def test_a_rerun_raises_nothing_again_and_the_id_stays() -> None:
    first = raised([dip()])

    assert raised([dip()], past=first).num_rows == 0
    assert raised([dip()])["alert_id"] == first["alert_id"]


def test_a_dip_that_runs_on_is_told_once_as_of_its_first_strong_day() -> None:
    next_day = DAY + timedelta(days=1)
    running = [
        dip(severity=2),
        dip(next_day, start_on=DAY, severity=5),
        dip(next_day + timedelta(days=1), start_on=DAY, severity=9),
    ]

    alerts = raised(running, now=NOW + timedelta(days=2)).to_pylist()

    assert [(row["day"], row["severity"]) for row in alerts] == [(next_day, 5)]


def test_evidence_of_later_days_is_not_shown() -> None:
    event = dip()
    later = proof(event["dip_id"], "word", 1, label="tomorrow")
    later["day"] = DAY + timedelta(days=1)

    body = raised([event], evidence=[later])["body"][0].as_py()

    assert "tomorrow" not in body
    assert "No words or posts stand out" in body


@pytest.mark.parametrize(
    ("flags", "is_told"),
    [
        ({"is_share_up": True, "is_count_up": False}, True),
        ({"is_share_up": False, "is_count_up": True}, True),
        ({"is_share_up": False, "is_count_up": True, "negative_share": 0.1}, False),
        ({"is_share_up": False, "is_count_up": False}, False),
    ],
)
def test_the_share_is_told_or_the_count_when_the_share_does_not_fall(
    flags: dict[str, Any], is_told: bool
) -> None:
    assert raised([dip(**flags)]).num_rows == int(is_told)


def test_peaks_are_told_where_the_rule_asks_for_them_on_posts_only() -> None:
    both = AlertRule("chanel", on=("dip", "peak"))
    likes = peak(measure="likes_per_post", peak_id="likes")

    assert raised(peaks=[peak()]).num_rows == 0
    row = raised(peaks=[peak(), likes], rules=[both]).to_pylist()
    assert [r["event_id"] for r in row] == [f"peak-{DAY}"]
    assert row[0]["rule"] == "activity_peak"
    assert "had 900 posts; 300 would be usual" in row[0]["body"]
    assert "marts.peak_drivers" in row[0]["body"]


def test_limits_are_said_where_they_apply() -> None:
    body = raised(
        [dip(is_cold_start=True, negative_authors_count=None, pooled_days=7)]
    )["body"][0].as_py()

    assert "rough guess" in body
    assert "Authors are not known" in body
    assert "(7 days that end with it, pooled to have enough)" in body


def test_two_rules_of_one_name_for_a_tracker_are_refused() -> None:
    with pytest.raises(AlertError, match="one alert rule of each name"):
        raised([dip()], rules=[RULE, RULE])


def test_a_backtest_gives_what_night_by_night_would_have() -> None:
    days = [DAY + timedelta(days=n) for n in range(8)]
    dips = [dip(day, severity=3 + n % 5) for n, day in enumerate(days)]
    dips += [dip(days[5], city="paris", severity=9)]

    told = TABLES["alerts"].empty()
    for day in days:
        night = datetime(day.year, day.month, day.day, 2, tzinfo=UTC) + timedelta(
            days=1
        )
        new = raised([row for row in dips if row["day"] == day], past=told, now=night)
        told = pa.concat_tables([told, new])
    backtest = backtest_alerts(
        TABLES["dips"].from_rows(dips),
        TABLES["peaks"].empty(),
        TABLES["evidence"].empty(),
        [RULE],
        first_day=days[0],
        last_day=days[-1],
    )

    assert backtest.equals(told.combine_chunks())
    assert backtest_alerts(
        TABLES["dips"].from_rows(dips),
        TABLES["peaks"].empty(),
        TABLES["evidence"].empty(),
        [RULE],
        first_day=days[1],
        last_day=days[1],
    )["day"].to_pylist() == [days[1]]


def test_a_backtest_of_some_days_gives_what_one_of_all_days_has_of_these() -> None:
    """An event that runs already was told before, and cools down what comes after."""
    days = [DAY + timedelta(days=n) for n in range(3)]
    dips = [dip(day, start_on=DAY, end_on=day) for day in days]
    dips += [dip(days[1], city="paris")]

    def backtest(first_day: date) -> pa.Table:
        return backtest_alerts(
            TABLES["dips"].from_rows(dips),
            TABLES["peaks"].empty(),
            TABLES["evidence"].empty(),
            [RULE],
            first_day=first_day,
            last_day=days[-1],
        )

    whole, later = backtest(DAY), backtest(days[1])
    assert whole["day"].to_pylist() == [DAY, days[1]]
    assert later.equals(whole.slice(1))
    assert later["status"].to_pylist() == ["cooled_down"]


def test_an_alert_is_acknowledged_by_the_start_of_its_id_and_keeps_the_first_name() -> (
    None
):
    alerts = raised([dip()])
    prefix = alerts["alert_id"][0].as_py()[:6]

    first = acknowledge_alert(alerts, prefix.upper(), " Mara ", NOW)
    second = acknowledge_alert(first, prefix, "Yan", NOW + timedelta(days=1))

    row = second.to_pylist()[0]
    assert (row["acknowledged_by"], row["acknowledged_at"]) == ("Mara", NOW)


@pytest.mark.parametrize(("prefix", "by"), [("zz", "mara"), ("", "mara"), ("a", " ")])
def test_an_acknowledgement_that_fits_no_alert_or_nobody_is_refused(
    prefix: str, by: str
) -> None:
    with pytest.raises(AlertError):
        acknowledge_alert(raised([dip()]), prefix, by, NOW)


@pytest.mark.parametrize("by", ["ma\x1b[31mra", "mara\nyan", "ma\u202era", "m" * 101])
def test_a_name_that_moves_a_terminal_or_fills_it_is_refused(by: str) -> None:
    alerts = raised([dip()])
    with pytest.raises(AlertError, match="--by wants a name on one line") as error:
        acknowledge_alert(alerts, alerts["alert_id"][0].as_py(), by, NOW)
    assert str(error.value).isprintable()


def told_of(rule: AlertRule, *dips: dict, peaks: list[dict] | None = None) -> set[str]:
    alerts = raised(list(dips), peaks=peaks, rules=[rule])
    return set(alerts["event_id"].to_pylist())


def test_a_rule_tells_only_of_the_cities_it_names() -> None:
    everywhere, paris = dip(), dip(city="paris")
    rule = AlertRule("chanel", cool_down_days=0, cities=("paris",))

    assert told_of(rule, everywhere, paris) == {paris["dip_id"]}


def test_a_rule_tells_only_of_the_topics_it_names_or_of_the_whole() -> None:
    whole, calendar, bag = dip(), dip(topic="advent calendar"), dip(topic="bag")
    on_words = AlertRule("chanel", cool_down_days=0, topics=("calendar",))
    on_whole = AlertRule("chanel", cool_down_days=0, topics=("whole",))

    assert told_of(on_words, whole, calendar, bag) == {calendar["dip_id"]}
    assert told_of(on_whole, whole, calendar, bag) == {whole["dip_id"]}


def test_a_rule_tells_only_of_the_measures_it_names() -> None:
    posts, comments = dip(), dip(item_kind="comment")
    likes = peak(measure="likes_per_post", peak_id="likes")
    on_comments = AlertRule("chanel", measures=("comments",))
    on_likes = AlertRule("chanel", on=("peak",), measures=("likes_per_post",))

    assert told_of(on_comments, posts, comments) == {comments["dip_id"]}
    assert told_of(on_likes, posts, peaks=[peak(), likes]) == {"likes"}


def test_a_rule_asks_for_a_least_lift_or_ratio() -> None:
    mild, strong = dip(city="rome", lift=2.9), dip(city="oslo", lift=3.1)
    both = AlertRule("chanel", on=("dip", "peak"), cool_down_days=0, min_ratio=3.0)

    assert told_of(both, mild, strong, peaks=[peak(ratio=2.9)]) == {strong["dip_id"]}
    assert told_of(both, peaks=[peak(ratio=3.0)]) == {f"peak-{DAY}"}


NIGHT = QuietHours.model_validate({"from": "22:00", "to": "07:00"})


def test_quiet_hours_are_those_of_the_rules_own_zone() -> None:
    rule = AlertRule("chanel", quiet=NIGHT, time_zone="Europe/Paris")

    # 02:00 UTC is 03:00 in Paris in winter; 06:30 UTC is 07:30
    assert rule.sending_moment(NOW) == datetime(2021, 12, 4, 6, tzinfo=UTC)
    awake = datetime(2021, 12, 4, 6, 30, tzinfo=UTC)
    assert rule.sending_moment(awake) == awake
