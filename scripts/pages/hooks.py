"""Hooks that mkdocs calls while it builds the site: additional pages, and changes to their content."""

import gc
import re
import shutil
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext

from scripts.pages import gallery, layers, lecture, playground, zoo
from scripts.pages.diagrams import with_diagrams

ROOT = Path(__file__).resolve().parents[2]
TITLED = re.compile(r"^```arch[ ]+([\w.]+)$", re.MULTILINE)
EXAMPLE = re.compile(r"^((?:Wrong|Right):\n\n)```text$", re.MULTILINE)
OUTSIDE = {"contributing.md": "CONTRIBUTING.md", "changes.md": "CHANGELOG.md"}
"""Pages of the site that are files in the project's top folder."""
WEB = ROOT / "build" / "web"
"""What interactive pages load, from scripts/web.py; without it, the site is complete except for these pages."""
PLAYGROUND = Path(playground.PAGE).parent
"""The folder of the site with the files of WEB."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the folders of the navigation."""
    gc.set_threshold(5_000, 20, 20)  # the networks live until the end: scanning them frees nothing
    config.nav = _filled(config.nav)
    return config


def _filled(entry: Any) -> Any:
    """An entry of the navigation, with the words `layers` and `zoo` replaced by all pages of those folders."""
    match entry:
        case dict():
            return {title: _filled(inner) for title, inner in entry.items()}
        case list():
            return [page for inner in entry for page in ([_filled(inner)] if inner != "zoo" else _filled(inner))]
        case "layers":
            return [f"{layers.FOLDER}/{name}.md" for name in ("index", *layers.families())]
        case "zoo":
            return [f"zoo/{name}.md" for name in zoo.families()]
        case _:
            return entry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages: those of the zoo, and those outside docs/."""
    for page, name in OUTSIDE.items():
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, page, content=text))
    for name, family in zoo.families().items():
        files.append(File.generated(config, f"zoo/{name}.md", content=zoo.page(family)))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Add the playground to the navigation, if it was built."""
    if WEB.is_dir():
        nav.items.insert(1, Link("Playground", playground.PAGE))
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Insert what the site generates; show file names as titles; replace links that leave docs/."""
    up = "../" * page.file.src_uri.count("/")
    markdown = lecture.with_examples(markdown, page.file.src_uri)
    for here, name in OUTSIDE.items():
        markdown = markdown.replace(f"](../{up}{name})", f"]({up}{here})")
    markdown = re.sub(rf"\[([^\]]+)\]\(\.\./{re.escape(up)}([\w/.-]+)\)", r"\1 (`\2`)", markdown)
    if page.file.src_uri == "zoo.md":
        markdown = markdown.replace(zoo.PLACEHOLDER, zoo.gallery())
    if page.file.src_uri == "gallery.md":
        markdown = markdown.replace(gallery.PLACEHOLDER, gallery.cards())
    if page.file.src_uri == "diagnostics.md":
        # Only on the site: in the file, a block that is marked as a program must be valid.
        markdown = EXAMPLE.sub(r"\1```arch", markdown)
    script = f"{up}{PLAYGROUND}/{lecture.SCRIPT}" if (WEB / lecture.SCRIPT).is_file() else None
    markdown = lecture.with_figures(markdown, page.file.src_uri, script)
    markdown, diagrams = with_diagrams(markdown, up)
    for path, content in diagrams.items():
        if files.get_file_from_path(path) is None:
            files.append(File.generated(config, path, content=content))
    markdown = markdown.replace(playground.PLACEHOLDER, playground.playground_link(up, is_built=WEB.is_dir()))
    if WEB.is_dir():
        markdown = playground.with_links(markdown, up)
    return TITLED.sub(r'```arch title="\1"', markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Add what interactive pages load, if it was built."""
    if WEB.is_dir():
        ignored = shutil.ignore_patterns("*.stamp")
        shutil.copytree(WEB, Path(config.site_dir) / PLAYGROUND, dirs_exist_ok=True, ignore=ignored)


def on_page_context(context: TemplateContext, page: Page, config: MkDocsConfig, nav: Any) -> TemplateContext:
    """The language of a page for its template, and links to the same page in the other language."""
    here = page.file.src_uri
    language, other = lecture.language(here), lecture.translated(here)
    config.theme["language"] = language
    pages = {language: here} | ({("en" if language == "ko" else "ko"): other} if other else {})
    config.extra["alternate"] = [
        {"name": name, "lang": code, "link": pages[code].removesuffix(".md") + ".html"}
        for code, name in (("en", "English"), ("ko", "한국어"))
        if code in pages and other
    ]
    return context


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """A page without the links in its head to the other language: for each, the theme would fetch a sitemap.

    The links in the header remain.
    """
    return re.sub(r'<link rel="alternate" href="[^"]*" hreflang="[^"]*">\s*', "", output)
