-- Addresses of the posts under which comments stand. One row per comment id that is one
-- comment's only and whose post has an address.
--
-- Relations: wanted(item), comments, posts.

select
    wanted.item,
    min(posts.url) as url
from wanted
inner join comments on wanted.item = comments.comment_id
inner join posts
    on comments.source = posts.source and comments.post_id = posts.post_id
group by wanted.item
having
    count(distinct (split_part(comments.source, '__', 1), posts.post_id)) = 1
    and min(posts.url) is not null
