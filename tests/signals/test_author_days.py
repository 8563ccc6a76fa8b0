"""What authors have is what their day has."""

from datetime import timedelta

from tests.signals.activity_rows import D1, activity, at, comment, post, run


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


def test_who_wrote_in_the_files_of_two_trackers_is_one_author():
    made = [
        post("1", source="net__shoes", label="negative"),
        post("2", source="net__bags", label="negative", likes=7),
        post("3", source="other", label="negative"),
    ]
    rows = run("author_days", made).to_pylist()
    assert [
        (row["source"], row["posts_count"], row["likes_count"]) for row in rows
    ] == [
        ("net", 2, 17),
        ("other", 1, 10),
    ]
    day = activity(made)["shoes", "all", D1]
    assert (day["authors_count"], day["negative_authors_count"]) == (2, 2)


def test_an_author_of_two_files_is_capped_over_both():
    made = [
        post(f"{source}{number}", source=source, label="negative")
        for source in ("net__shoes", "net__bags")
        for number in range(3)
    ]
    day = activity(made)["shoes", "all", D1]
    assert (day["negative_count"], day["negative_capped_count"]) == (6, 3)


def test_a_comment_in_two_files_counts_once_under_the_copy_that_stands_for_its_post():
    made = [
        post("1", source="net__bags"),
        # the copy of the post that was collected with it is not the one that stands
        comment("c1", "1", source="net__shoes"),
        comment("c1", "1", source="net__bags"),
        comment("c2", "1", source="net__shoes", author="d"),
        comment("c3", "1", source="other"),
    ]
    day = activity(made)["shoes", "all", D1]
    assert day["comment_scored_count"] == 2
    assert day["comment_negative_authors_count"] == 2


def test_copies_of_a_comment_count_by_the_first_of_a_day_whatever_days_are_at_hand():
    made = [
        post("1", source="net__bags"),
        # not scored as it stands in the first file, and so in none
        unscored(comment("c1", "1", source="net__bags")),
        comment("c1", "1", source="net__shoes"),
        # three days apart in the two files: found alone on the first day, or with both
        comment("c2", "1", source="net__shoes"),
        comment("c2", "1", source="net__bags", day=D1 + timedelta(days=3)),
    ]
    day = activity(made)["shoes", "all", D1]
    assert day["comment_scored_count"] == 1
    assert activity(made[:-1])["shoes", "all", D1] == day


def unscored(made):
    score = made["sentiment"] | {"is_scored": False, "compound": None, "label": None}
    return made | {"sentiment": score}
