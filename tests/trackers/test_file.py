from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendlab.errors import SettingsError, TrackerFileError
from trendlab.trackers import load_trackers

GOOD = """\
trackers:
  - name: chanel
    hashtags: [Chanel, '#ChanelBeauty', 2021]
    accounts: ['@CHANEL']
    keywords: [advent calendar]
    time_zone: Europe/Paris
    cities: [paris, {city: indio, lat: 33.7, lon: -116.2}]
    exclusions:
      - {reason: spam shop, users: [poshmark], from: 2021-12-01, to: 2021-12-31}
    alerts:
      threshold_severity: 5
      channels: [team]
      quiet_hours: {from: "22:00", to: "07:00"}
  - name: street-style
    sources: photos
    brands: ['@Chanel', H&M]
mappings:
  shop:
    columns: {created_at: when, caption: title + body}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "trackers.yml"
    path.write_text(text)
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(TrackerFileError) as caught:
        load_trackers(write(folder, text))
    return str(caught.value)


def test_a_good_file_is_read_whole(tmp_path: Path):
    chanel, street = load_trackers(write(tmp_path, GOOD))

    assert chanel.hashtags == ("chanel", "chanelbeauty", "2021")
    assert chanel.accounts == ("chanel",)
    assert chanel.city_ids == ("paris", "indio")
    assert chanel.added_cities()[0]["name"] == "Indio"
    assert chanel.exclusions[0].valid_to == date(2021, 12, 31)
    assert chanel.alerts.threshold_severity == 5
    assert chanel.alerts.quiet_hours is not None
    assert chanel.alerts.quiet_hours.covers(time(23))
    assert not chanel.alerts.quiet_hours.covers(time(12))
    assert street.slug == "street_style"
    assert street.sources == ("photos",)
    assert street.brands == ("chanel", "h&m")
    assert street.mappings["shop"].columns["caption"] == "title + body"


def test_a_wrong_time_zone_is_named_with_its_line(tmp_path: Path):
    text = GOOD.replace("Europe/Paris", "Europe/Pari")

    assert complaint(tmp_path, text) == (
        f"{tmp_path}/trackers.yml:6: trackers[0].time_zone: 'Europe/Pari' is not a "
        "time zone; write an IANA name such as Europe/Paris"
    )


def test_every_mistake_is_named_at_once(tmp_path: Path):
    text = GOOD.replace("lon: -116.2", "lon: -216.2").replace("street-style", "Street")

    lines = complaint(tmp_path, text).splitlines()

    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in lines] == ["7", "14"]
    assert "trackers[0].cities[1].lon" in lines[0]
    assert "trackers[1].name" in lines[1]


def test_a_misspelt_field_is_named_with_the_one_that_was_meant(tmp_path: Path):
    text = GOOD.replace("hashtags:", "hastags:")

    assert "trackers[0].hastags: there is no such field; did you mean hashtags?" in (
        complaint(tmp_path, text)
    )


def test_a_missing_name_is_named(tmp_path: Path):
    message = complaint(tmp_path, "trackers:\n  - hashtags: [a]\n")

    assert "trackers.yml:2: trackers[0].name: is missing" in message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("trackers:\n  - name: a\n    hashtags: [#ootd]\n", 4, "bare #"),
        ("trackers:\n  - name: a\n    hashtags:\n      - #ootd\n", 3, "bare #"),
        ("trackers:\n  - name: a\n    name: b\n", 3, "duplicate"),
        ("", 1, "an empty file"),
        ("- name: a\n", 1, "a list"),
        ("trackers: []\n", 1, "at least 1"),
        ("trackers:\n  - {name: all}\n", 2, "every tracker"),
        ("trackers:\n  - {name: a-b}\n  - {name: a_b}\n", 3, "already the name"),
        ("trackers:\n  - name: a\n    hashtags: [one two]\n", 3, "no spaces"),
        ("trackers:\n  - name: a\n    sources: [No Such]\n", 3, "expected to match"),
        ("trackers:\n  - name: a\n    exclusions:\n      - reason: x\n", 4, "nothing"),
        (
            "mappings: {m: {columns: {caption: x}}}\ntrackers: [{name: a}]\n",
            1,
            "created_at",
        ),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, line: int, words: str):
    message = complaint(tmp_path, text)

    assert f"trackers.yml:{line}: " in message
    assert words in message


@pytest.mark.parametrize(
    "expression",
    ["(a", r"(a)\1", "(?=a)b", "a*", "(?:a{1000}){1000}", "a" * 501],
)
def test_an_expression_that_cannot_be_used_safely_is_refused(
    tmp_path: Path, expression: str
):
    text = (
        "trackers:\n  - name: a\n    exclusions:\n      - reason: x\n"
        f"        expressions: ['{expression}']\n"
    )

    assert "trackers[0].exclusions[0].expressions" in complaint(tmp_path, text)


def test_a_file_that_is_not_there_is_a_settings_error(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.yml: cannot be read"):
        load_trackers(tmp_path / "none.yml")


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path):
    path = tmp_path / "trackers.yml"
    path.write_bytes(b"trackers:\n  - name: caf\xe9\n")

    with pytest.raises(
        TrackerFileError, match=r"trackers\.yml:2: the file is not UTF-8"
    ):
        load_trackers(path)


def test_the_version_changes_with_the_query_and_with_nothing_else(tmp_path: Path):
    first = load_trackers(write(tmp_path, GOOD))[0]
    same = load_trackers(
        write(tmp_path, GOOD.replace("threshold_severity: 5", "threshold_severity: 6"))
    )[0]
    other = load_trackers(write(tmp_path, GOOD.replace("'#ChanelBeauty'", "no5")))[0]

    assert first.version == same.version
    assert first.version != other.version


RULES = """\
trackers:
  - name: chanel
    alerts:
      cool_down_days: 5
      channels: [desk]
      quiet_hours: {from: "22:00", to: "07:00"}
      rules:
        - {name: anger, topics: [Calendar], cities: all, threshold: 3}
        - name: buzz
          what: peaks
          measures: activity
          threshold_severity: 6
          cool_down_days: 0
          channels: [ops]
          quiet_hours: {from: "00:00", to: "01:00"}
"""


def test_alert_rules_take_what_they_do_not_give_from_the_tracker(tmp_path: Path):
    rules = load_trackers(write(tmp_path, RULES))[0].alerts.filled_rules()
    (anger, of_anger), (buzz, of_buzz) = rules

    assert (anger.what, anger.topics, anger.cities) == ("dips", ("calendar",), ("all",))
    assert (anger.threshold, of_anger.threshold_severity) == (3.0, 3)
    assert (of_anger.cool_down_days, of_anger.channels) == (5, ("desk",))
    assert of_anger.quiet_hours is not None
    assert of_anger.quiet_hours.covers(time(23))
    assert (buzz.what, buzz.measures) == ("peaks", ("activity",))
    assert (of_buzz.threshold_severity, of_buzz.cool_down_days) == (6, 0)
    assert of_buzz.channels == ("ops",)
    assert of_buzz.quiet_hours is not None
    assert not of_buzz.quiet_hours.covers(time(23))


def test_a_tracker_without_rules_tells_of_every_dip(tmp_path: Path):
    rules = load_trackers(write(tmp_path, GOOD))[0].alerts.filled_rules()

    assert [(rule.name, rule.what, rule.measures) for rule, _ in rules] == [
        ("negative_peak", "dips", ())
    ]
    assert rules[0][1].threshold_severity == 5


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            RULES.replace("activity", "posts_count"),
            "trackers.yml:9: trackers[0].alerts.rules[1]: measures of peaks are posts, "
            "likes_per_post, activity; got 'posts_count'",
        ),
        (
            RULES.replace("what: peaks", "what: peaks\n          topics: [a]"),
            "no topics",
        ),
        (RULES.replace("name: buzz", "name: anger"), "two rules have the name 'anger'"),
        (RULES.replace("threshold: 3", "threshold: 0.5"), "greater than 1"),
        (RULES.replace("topics:", "topic:"), "did you mean topics?"),
    ],
)
def test_a_wrong_alert_rule_is_refused_with_its_line(
    tmp_path: Path, wrong: str, told: str
):
    assert told in complaint(tmp_path, wrong)


def test_aliases_that_add_up_to_too_much_are_refused(tmp_path: Path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"

    assert "aliases" in complaint(tmp_path, bomb)
    assert "aliases" in complaint(tmp_path, "trackers: &a [*a]\n")


LINES = st.sampled_from(
    [
        "trackers:",
        "  - name: a",
        "    hashtags: [a, 1, null]",
        "    cities: [{city: b}]",
        "    exclusions:",
        "      - reason: r",
        "        expressions: ['(']",
        "- x",
        "    alerts: 5",
        "mappings: {m: {columns: 7}}",
        "    name: {}",
        "&a [*a]",
        "? : :",
        "    sources: {a: b}",
        "\t",
        "%YAML 9",
        "    time_zone: ../../etc/passwd",
        "...",
        "    name: 2021-12-01",
        "!!python/object:os.system x",
        "    accounts: !!set {a}",
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=st.lists(LINES, max_size=8), tail=st.text(max_size=10))
def test_any_file_is_read_or_refused_with_its_name(
    tmp_path: Path, lines: list[str], tail: str
):
    path = tmp_path / "trackers.yml"
    path.write_text("\n".join([*lines, tail]), errors="surrogatepass")

    try:
        told = load_trackers(path)[0].name
    except TrackerFileError as error:
        told = str(error)

    assert told == "a" or str(path) in told
