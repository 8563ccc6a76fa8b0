"""HTML of posts as the text that readers see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.sources.markup import text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        (
            '<a href="https://x.example/long"><span class="invisible">https://</span>'
            '<span class="ellipsis">x.example/lo</span><span class="invisible">ng'
            "</span></a>",
            "https://x.example/long",
        ),
        ("a<script>alert(1)</script>b", "ab"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_markup_becomes_text(markup, text):
    assert text_of(markup) == text


@given(st.text(alphabet="<>/!&;[]-?'\"= abp", max_size=40))
def test_any_markup_becomes_some_text(markup):
    assert isinstance(text_of(markup), str)
