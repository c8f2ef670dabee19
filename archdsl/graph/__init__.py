"""The network as a graph, and the draft that it is made from if there are no errors."""

from .assertion import Assertion
from .block_call import BlockCall
from .body_op import BodyOp, BodyRuns
from .figure_settings import FigureColor, FigureGroup, FigureLabel, FigureSettings, FontFamily
from .graph import BaseGraph, Draft, Graph
from .moe_op import MoeOp
from .node import DraftNode, Node, NodeSite, Unresolved, likely_shape
from .scan_op import ScanOp, scanned
from .setting import Setting
from .subgraph import Subgraph
from .zeros_op import ZerosOp

__all__ = [
    "Assertion",
    "BaseGraph",
    "BlockCall",
    "BodyOp",
    "BodyRuns",
    "Draft",
    "DraftNode",
    "FigureColor",
    "FigureGroup",
    "FigureLabel",
    "FigureSettings",
    "FontFamily",
    "Graph",
    "MoeOp",
    "Node",
    "NodeSite",
    "ScanOp",
    "Setting",
    "Subgraph",
    "Unresolved",
    "ZerosOp",
    "likely_shape",
    "scanned",
]
