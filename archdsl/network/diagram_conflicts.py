"""The options of a diagram that are mutually exclusive, or that a format, a view or a direction ignores."""

from collections.abc import Iterator

from .option_conflicts import Conflict


def diagram_conflicts(
    kind: str, view: str | None, direction: str | None, detail: str | None, heat: str | None = None
) -> Iterator[Conflict]:
    """Options that are mutually exclusive, or that a format, a view or a direction ignores."""
    yield "--check", "--watch", "--check compares once"
    yield "--output -", "--watch", "standard output has no file that --watch could update"
    yield "--no-caption", "--title", "--no-caption leaves no place for a title"
    if kind != "png":
        yield "", "--dpi", f"--dpi is for PNG, not for {kind}"
    if kind not in ("svg", "html"):
        yield "--theme auto", "--theme", f"the theme `auto` follows the page, which {kind} cannot"
    if kind in ("dot", "mmd"):
        layout = "--columns --for --width --height --font"
        yield "", layout, f"the program that renders {kind} determines the layout"
    if kind == "html":
        layout = "--columns --direction --for --width --height --font"
        yield "", layout, "an HTML page is laid out for the reader's window"
        yield "", "--heat", "an HTML page shows the kinds of layers in color"
    if kind == "mmd":
        yield "", "--legend --no-legend", "Mermaid has no legend"
        yield "", "--heat", "without a legend, the colors of a measure have no meaning"
    yield "--heat", "--macs", "--heat shows its measure instead of other numbers"
    if heat != "params":
        yield "--heat", "--parameters", "--heat shows its measure instead of other numbers"
    if direction == "LR":
        yield "", "--columns", "columns are for top-to-bottom diagrams"
    if view == "layers" or (view is None and detail is None):
        yield "", "--expand", f"the view `{view or 'layers'}` has no blocks to expand"
    if view == "layers":
        yield "", "--detail", "the view `layers` shows all details: use the view `blocks` or `stages`"
    if kind == "mmd":
        yield "", "--detail", "Mermaid has no place beside a diagram"
    if view != "volumes":
        yield "", "--field", "only the view `volumes` shows tensors to scale"
        yield "", "--sheets", "without --view volumes, there are no feature maps"
    if view == "unet":
        yield "", "--direction --columns", "the view `unet` has the form of a U"
    if view == "volumes":
        layout = "--direction --columns --fold --no-fold"
        yield "", layout, "the view `volumes` runs from left to right and shows every tensor separately"
        yield "", "--parameters --no-parameters --macs --no-macs --heat", "the view `volumes` shows sizes, not counts"
