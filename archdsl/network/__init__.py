"""The public API: load and check programs as networks."""

from .analysis import Analysis, Check, analyze, check_draft
from .errors import ArchError, ArchWarning
from .figure_style import require_figure, style_findings
from .layer_list import LayerInfo, LayerList, TensorShape
from .libraries import allowing, default_library
from .loading import analyze_given, load, loads
from .network import Network
from .notebook import Display, register_display
from .reading import read_given

__all__ = [
    "Analysis",
    "ArchError",
    "ArchWarning",
    "Check",
    "Display",
    "LayerInfo",
    "LayerList",
    "Network",
    "TensorShape",
    "allowing",
    "analyze",
    "analyze_given",
    "check_draft",
    "default_library",
    "load",
    "loads",
    "read_given",
    "register_display",
    "require_figure",
    "style_findings",
]
