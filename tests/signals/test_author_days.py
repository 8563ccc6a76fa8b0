"""What authors have is what their day has."""

from datetime import timedelta

from tests.signals.activity_rows import D1, activity, at, post, run


def test_author_days_give_the_main_city_and_newest_handle():
    made = [
        post("1", city="paris", label="negative"),
        post("2", city="milan", likes=None),
        post("3", city="milan", likes=7),
        post("4", author=None),
        post("5", is_excluded=True),
    ]
    rows = run("author_days", made).to_pylist()
    assert len(rows) == 1
    row = rows[0]
    assert (row["author_id"], row["city"], row["author_handle"]) == ("a", "milan", "a")
    assert (row["posts_count"], row["likes_known_count"], row["likes_count"]) == (
        3,
        2,
        17,
    )
    assert (row["negative_count"], row["scored_count"]) == (1, 1)


def test_authors_have_the_likes_and_comments_that_their_day_has():
    """Both are of the reading nearest to 24 hours, and of none that is late."""

    def reading(post_id, hours, likes, comments):
        read_at = at(D1) + timedelta(hours=hours)
        return {
            "day": read_at.date(),
            "source": "s",
            "post_id": post_id,
            "created_at": at(D1),
            "observed_at": read_at,
            "likes_count": likes,
            "comments_count": comments,
        }

    made = [post("1", likes=900, comments=90), post("2", likes=5, comments=3)]
    readings = [
        reading("1", 2, 4, 1),
        reading("1", 26, 50, None),
        reading("1", 36, None, 7),
        reading("2", 7 * 24, 600, 60),
    ]
    (author,) = run("author_days", made, engagement=readings).to_pylist()
    day = activity(made, engagement=readings)["shoes", "all", D1]
    assert (author["likes_count"], author["comments_count"]) == (55, 10)
    assert (day["likes_count"], day["comments_count"]) == (55, 10)
