"""Write a drawing in the formats for documents: papers, slides, diagram editors."""

from .drawing import Drawing


def write_document(drawing: Drawing, format: str) -> bytes:
    """The drawing in one of these formats. Raises CannotDraw, and ModuleNotFoundError without python-pptx."""
    match format:
        case "pdf":
            from .pdf import write_pdf

            return write_pdf(drawing)
        case "eps":
            from .eps import write_eps

            return write_eps(drawing)
        case "tikz":
            from .tikz import write_tikz

            return write_tikz(drawing).encode()
        case "drawio":
            from .drawio import write_drawio

            return write_drawio(drawing)
        case "pptx":
            from .slides import write_pptx

            return write_pptx(drawing)
        case _:
            raise ValueError(f"unknown format {format}")
