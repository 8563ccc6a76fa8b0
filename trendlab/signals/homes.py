"""Where authors are at home: the rule whose counting is SQL over author-cities."""

from __future__ import annotations

RULE = "homes-1"
# Half a year: long enough for a monthly poster, short enough to follow one who moves.
HOME_DAYS = 180
# Below five located posts, or half of them, a mode is chance.
MIN_HOME_POSTS = 5
MIN_HOME_SHARE = 0.5

PARAMS = {
    "home_days": HOME_DAYS,
    "min_posts": MIN_HOME_POSTS,
    "min_share": MIN_HOME_SHARE,
    "rule_version": RULE,
}
"""Values of sql/lake/author_homes.sql."""
