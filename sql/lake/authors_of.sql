-- The newest reading, up to a day, of each author of posts and comments that were
-- chosen; of those read only later, the first. One row per source and author.

with wanted as (
    select source, author_id from posts
    union
    select source, author_id from comments
),

ranked as (
    select
        authors.*,
        row_number() over (
            partition by authors.source, authors.author_id
            order by
                (authors.day <= $last_day) desc,
                case when authors.day <= $last_day then authors.day end desc,
                authors.day
        ) as place
    from authors
    semi join wanted
        on
            authors.source = wanted.source
            and authors.author_id = wanted.author_id
)

select * exclude (place)
from ranked
where place = 1
