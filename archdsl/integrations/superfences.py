"""A fence ```` ```arch ```` in Markdown that becomes the network's diagram: for MkDocs and PyMdown Extensions.

    markdown_extensions:
      - pymdownx.superfences:
          custom_fences:
            - name: arch
              class: archdsl
              format: !!python/name:archdsl.integrations.superfences.fence
              validator: !!python/name:archdsl.integrations.superfences.validate

The options of a fence are in quotes, as PyMdown Extensions requires: ```` ```arch view="blocks" theme="dark" table
````.
"""

import logging
from collections.abc import Callable
from typing import Any

from .embed_options import BadEmbedOption, EmbedOptions, parse_options
from .network_html import EmbeddedNetwork, errors_html

# MkDocs counts the warnings of its plugins' loggers, and `mkdocs build --strict` fails if there are any.
_LOG = logging.getLogger("mkdocs.plugins.archdsl")
_KEY = "archdsl"


def validate(language: str, inputs: dict[str, str], options: dict[str, Any], attrs: dict[str, Any], md: Any) -> bool:
    """Accept every option: an unknown one is reported in place of the diagram instead of being ignored."""
    options[_KEY] = dict(inputs)
    return True


def fence(source: str, language: str, class_name: str, options: dict[str, Any], md: Any, **given: Any) -> str:
    """The diagram of a fence, with the table and the source text if requested; or its errors."""
    return _shown(source, options, md, EmbedOptions())


def fence_with(**defaults: Any) -> Callable[..., str]:
    """A fence with other defaults: `fence_with(diagram=False, source=True)` shows the text by default."""
    embed_options = EmbedOptions(**defaults)

    def made(source: str, language: str, class_name: str, options: dict[str, Any], md: Any, **given: Any) -> str:
        return _shown(source, options, md, embed_options)

    return made


def _shown(source: str, options: dict[str, Any], md: Any, defaults: EmbedOptions) -> str:
    try:
        embed_options = parse_options(options.get(_KEY, {}), defaults)
    except BadEmbedOption as error:
        _LOG.warning("arch: %s", error)
        return errors_html(f"arch: {error}")
    shown = EmbeddedNetwork(source, embed_options)
    if shown.network is None:
        _LOG.warning("a network in a fence `arch` has errors:\n%s", shown.messages)
    text = _highlighted(source, md) if embed_options.source or shown.network is None else ""
    return f'<div class="archdsl">{text}{shown.html}</div>'


def _highlighted(source: str, md: Any) -> str:
    """The text, formatted as code."""
    fences = md.preprocessors["fenced_code_block"]
    fences.get_hl_settings()
    html: str = fences.highlight(src=source, language="arch", options={}, md=md, classes=[], id_value="", attrs={})
    return html
