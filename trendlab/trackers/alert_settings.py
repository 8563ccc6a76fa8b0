"""What a tracker's file says about alerts: rules, quiet hours, channels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

MEASURES: dict[str, tuple[str, ...]] = {
    "dips": ("posts", "comments"),
    "peaks": ("posts", "likes_per_post", "activity"),
}
# Rules that a tracker has where its file names none.
DEFAULT_RULE = "negative_peak"
# What a rule takes from its tracker unless it says otherwise.
SHARED = ("threshold_severity", "cool_down_days", "channels", "quiet_hours")


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True
    )


def _as_list(value: Any) -> Any:
    """Accept one name where a list is meant."""
    return [value] if isinstance(value, str) else value


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Fold names as words and ids are."""
    return tuple(unicodedata.normalize("NFKC", name).casefold() for name in names)


Channel = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Channels = Annotated[tuple[Channel, ...], BeforeValidator(_as_list)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_folded)]


class QuietHours(_Strict):
    """Hours in which nothing is sent, in the tracker's time zone; may pass midnight."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")

    def covers(self, moment: time) -> bool:
        """Tell whether a local time of day lies within."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class AlertRuleSettings(_Strict):
    """One rule: which events are told, when and where.

    Parameters
    ----------
    name : str
        Shown with the alert; part of its id, so a renamed rule is a new one.
    what : {"dips", "peaks"}
    measures : tuple of str
        `posts` or `comments` for dips; `posts`, `likes_per_post` or `activity` for
        peaks. All kinds of dips, and peaks of posts, when empty.
    cities : tuple of str
        Ids of cities, `unknown`, or `all` for the tracker's total; any when empty.
    topics : tuple of str
        Words of which a dip's topic must hold one; `whole` is the tracker's total
        without a topic. Any when empty.
    threshold : float or None
        Least lift of a dip, or ratio of a peak.
    threshold_severity, cool_down_days, channels, quiet_hours
        As in `AlertSettings`, whose values hold where the rule gives none.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    what: Literal["dips", "peaks"] = "dips"
    measures: Names = ()
    cities: Names = ()
    topics: Names = ()
    threshold: float | None = Field(default=None, gt=1.0)
    threshold_severity: int | None = Field(default=None, ge=1, le=10)
    cool_down_days: int | None = Field(default=None, ge=0, le=365)
    channels: Channels | None = None
    quiet_hours: QuietHours | None = None

    @model_validator(mode="after")
    def _check(self) -> AlertRuleSettings:
        allowed = MEASURES[self.what]
        wrong = [name for name in self.measures if name not in allowed]
        if wrong:
            raise ValueError(
                f"measures of {self.what} are {', '.join(allowed)}; got {wrong[0]!r}"
            )
        if self.topics and self.what == "peaks":
            raise ValueError("peaks have no topics; leave topics out")
        return self


def _check_rules(rules: Sequence[AlertRuleSettings]) -> None:
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two rules have the name {twice[0]!r}")


class AlertSettings(_Strict):
    """When and where a tracker's alerts go.

    Parameters
    ----------
    threshold_severity : int
        Least severity, 1 to 10, that is sent.
    cool_down_days : int
        Days after an alert in which another one of the same rule is not sent.
    channels : tuple of str
        Names of addresses kept in the environment or in a file, never addresses.
    quiet_hours : QuietHours or None
    rules : tuple of AlertRuleSettings
        Without any, every dip of the tracker is told by one rule, `negative_peak`.
    """

    threshold_severity: int = Field(default=3, ge=1, le=10)
    cool_down_days: int = Field(default=3, ge=0, le=365)
    channels: Channels = ()
    quiet_hours: QuietHours | None = None
    rules: tuple[AlertRuleSettings, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> AlertSettings:
        _check_rules(self.rules)
        return self

    def filled_rules(self) -> tuple[tuple[AlertRuleSettings, AlertSettings], ...]:
        """Return the rules, each with the settings that hold for it."""
        rules = self.rules or (AlertRuleSettings(name=DEFAULT_RULE),)
        return tuple(
            (
                rule,
                self.model_copy(
                    update={
                        name: getattr(rule, name)
                        for name in SHARED
                        if getattr(rule, name) is not None
                    }
                ),
            )
            for rule in rules
        )
