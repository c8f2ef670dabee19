"""Links from the site's examples to the playground, which holds the text of an example in its address."""

import base64
import re
import zlib

PAGE = "playground/index.html"
PLACEHOLDER = "<!-- archdsl playground -->"
"""Where a page has the link to the playground, or the reason that there is none."""
_FENCE = re.compile(r"^```arch(?:[ ][^\n]*)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MOST = 20_000
"""A longer text has no link: the link would be a large part of the page."""


def fragment(text: str) -> str:
    """The fragment of the address that opens a text; web/src/share.mjs reads it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(text.encode()) + packer.flush()
    return "#text/" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def playground_link(up: str, *, is_built: bool) -> str:
    """The link to the playground in place of PLACEHOLDER."""
    if not is_built:
        return "*This copy of the site was built without the playground, which needs Node.js.*"
    return f'<p><a class="md-button md-button--primary" href="{up}{PAGE}">Open the playground</a></p>'


def with_links(markdown: str, up: str) -> str:
    """A page with a link after each example; `up` is the path from the page to the site's top folder."""

    def linked(found: re.Match[str]) -> str:
        if len(found[1]) > _MOST:
            return found[0]
        address = f"{up}{PAGE}{fragment(found[1])}"
        return f'{found[0]}\n\n<p class="playground"><a href="{address}">Open in the playground</a></p>'

    return _FENCE.sub(linked, markdown)
