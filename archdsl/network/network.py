"""A checked network."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.cost import Costs, costs
from ..diagnostics.diagnostic import Finding, with_fixes
from ..extras import require
from ..graph import Graph, Setting
from ..shapes.symbolic import concrete
from ..syntax.ast import Program
from ..text.counts import counted
from ..text.given_path import given_path, path_text
from ..text.library import Library
from ..text.source import Source
from ..zoo import PREFIX, display_name
from . import notebook
from .layer_list import LayerList, TensorShape, layer_list, shape_of
from .libraries import default_library
from .made_modules import remember
from .reading import read_source
from .resizing import ResizableProgram, input_shapes

if TYPE_CHECKING:
    from torch.nn import Module

    from ..analysis.table_formats import TableFormat
    from ..analysis.valid_sizes import Sizes
    from .rendered_diagram import RenderedDiagram


class Network:
    """A checked network: its program, its graph, its costs, and what can be generated from it."""

    def __init__(
        self,
        program: Program,
        graph: Graph,
        found: tuple[Finding, ...] = (),
        settings: Mapping[str, Any] | None = None,
        library: Library | None = None,
    ) -> None:
        self.program = program
        self.graph = graph
        self.diagnostics = with_fixes(found)
        self.library = default_library(program.source) if library is None else library
        self.given = dict(settings or {})
        self._resizable = ResizableProgram(program, settings, library)

    @property
    def name(self) -> str:
        """The name after `net`, otherwise that of the file."""
        return self.graph.name

    @property
    def title(self) -> str:
        """The display name: that in the zoo, such as `ResNet-50`, or else `name`."""
        source = self.program.source.name
        return display_name(source.removeprefix(PREFIX), self.name) if source.startswith(PREFIX) else self.name

    def with_style(self, style: Source) -> "Network":
        """The network with the settings of the `figure { … }` block in another text, which override its own.

        Raises ArchError for errors in that text, and ValueError if it has no such block.
        """
        from .figure_style import style_settings

        settings = style_settings(style, self.graph)
        own = self.graph.figure
        graph = self.graph.replace(figure=settings if own is None else own.overridden(settings))
        styled = Network(self.program, graph, (), self.given, self.library)
        styled.diagnostics = self.diagnostics
        return styled

    @property
    def text(self) -> str:
        """The source text."""
        return self.program.source.text

    @property
    def inputs(self) -> dict[str, TensorShape]:
        """The shape of each input by name, without the batch."""
        return {name: self._shape(i) for name, i in zip(self.graph.input_names, self.graph.inputs, strict=True)}

    @property
    def outputs(self) -> dict[str, TensorShape]:
        """The shape of each output by name, without the batch."""
        return {name: self._shape(i) for name, i in self.graph.outputs}

    @cached_property
    def layers(self) -> LayerList:
        """The layers in the order in which they run, by position or by name."""
        return layer_list(self.graph, self.costs)

    def _shape(self, node: int) -> TensorShape:
        return shape_of(self.graph.nodes[node].shape)

    @cached_property
    def costs(self) -> Costs:
        """Parameters and multiply-accumulates of each node."""
        return costs(self.graph)

    @property
    def parameters(self) -> int:
        """The number of parameters; shared weights count once."""
        return self.costs.total.parameters

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return self.costs.total.macs

    @cached_property
    def sizes(self) -> "Sizes":
        """The input sizes for which the network is valid with its weights, and the resulting output sizes.

        Raises ArchError if the structure depends on a dimension without a closed form, and LookupError if no input has
        a dimension that could change.
        """
        if self.graph.symbols:
            return self._resizable.sizes(self.graph)
        return self._resizable.sizes(self._resizable.symbolic(input_shapes(self.graph)))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The lines of the program's `train { … }`."""
        return self.graph.training

    def to_torch(self) -> "Module":
        """A new torch module with weights as torch initializes them.

        It takes one batch for each input, N×C×H×W for `input CxHxW`, and returns the output, or a tuple if the program
        names several. Parameter names follow stages and layers: `features.conv1.weight`.
        """
        require("Network.to_torch", "torch", uses=("torch",))
        from ..backends.torch import to_torch

        module = to_torch(self._buildable())
        remember(module, self)
        return module

    def source(self, flat: bool = False) -> str:
        """PyTorch source that builds the same module and does not need archdsl.

        Uses of a block share a class, with arguments for what differs between them. Parameters of the network become
        arguments of its class if only layers of that class depend on them. With `flat`, no class has arguments, and
        there are no loops.
        """
        from ..backends.python_source import to_source

        graph = self._buildable()
        return to_source(graph, self.program.source.name, flat, {} if flat else self._resizable.variants(graph))

    def keras_source(self) -> str:
        """Keras 3 source with a function that builds the same network, with channels last.

        Raises `archdsl.backends.keras.Unsupported` for a layer that Keras lacks.
        """
        from ..backends.keras import to_keras

        return to_keras(self._buildable(), self.program.source.name)

    def table(
        self, *, columns: str | Sequence[str] | None = None, explain: bool = False, format: "TableFormat" = "text"
    ) -> str:
        """The table that `archdsl check` prints: one row per layer, and the totals.

        `columns` replaces the default columns: `"params,rf"` or `["params", "rf"]`; `explain` adds the arithmetic of
        each spatial size to the text; `format` is text, markdown or latex. Raises ValueError for an unknown column or
        format.
        """
        from .reports import table

        return table(self.graph, self.costs, columns, explain=explain, format=format)

    def report(self, *, columns: str | Sequence[str] | None = None, explain: bool = False) -> dict[str, Any]:
        """The values of `archdsl check --format json`; `archdsl check --schema` prints their schema.

        Raises ValueError for an unknown column.
        """
        from ..analysis.check_report import report
        from ..analysis.measures import NetworkMeasures
        from .reports import wanted

        sizes = self.sizes.described() if self.graph.symbols else None
        facts = NetworkMeasures(self.graph, self.costs)
        parts = wanted(columns, explain=explain)
        return report(self.program.source.name, self.graph, facts, self.diagnostics, sizes, parts)

    def diagram(
        self,
        path: str | Path | None = None,
        *,
        format: str | None = None,
        title: str | None = None,
        style: str | Path | None = None,
        view: str | None = None,
        expand: Sequence[str] = (),
        detail: str | None = None,
        field: str | None = None,
        fold: bool = True,
        direction: str | None = None,
        theme: str | None = None,
        legend: bool | None = None,
        parameters: bool | None = None,
        macs: bool = False,
        caption: bool = True,
        dpi: int = 192,
        columns: int | None = None,
        place: str | None = None,
        width: str | None = None,
        height: str | None = None,
        font: str | None = None,
        heat: str | None = None,
        sheets: bool = False,
    ) -> "RenderedDiagram":
        """The diagram, with the options of `archdsl diagram`; it is also written to `path` if one is given.

        `format` is svg, html, png, pdf, eps, dot, mmd, tikz, drawio or pptx; by default, it follows from the extension
        of `path`, else it is svg. `place` is the option `--for`; a width is written `"85mm"`; `style` is the path of a
        file with a `figure { … }` block. A notebook displays the result. Raises ValueError for an unknown option,
        ArchError for errors in the style, MissingPackages for pptx without the extra, `CannotDraw` with its reason, and
        OSError.
        """
        from .diagram_arguments import DiagramArguments, given_names
        from .rendered_diagram import render

        arguments = DiagramArguments(
            title=title,
            view=view,
            expand=given_names("expand", expand),
            detail=detail,
            field=field,
            fold=fold,
            direction=direction,
            theme=theme,
            legend=legend,
            parameters=parameters,
            macs=macs,
            caption=caption,
            dpi=dpi,
            columns=columns,
            place=place,
            width=width,
            height=height,
            font=font,
            heat=heat,
            sheets=sheets,
        )
        file = None if path is None else given_path("path", path)
        styled = self if style is None else self.with_style(read_source(path_text("style", style)))
        drawn = render(styled.graph, self.title, format or file or "svg", arguments)
        if file is not None:
            drawn.save(file)
        return drawn

    def _buildable(self) -> Graph:
        """The graph from which the module is built: symbolic dimensions have the weights of their example sizes."""
        from ..analysis.undecided_layers import has_symbolic_weights

        if not has_symbolic_weights(self.graph):
            return self.graph
        example = {name: concrete(size) for name, size in self.graph.symbols.items()}
        return self._resizable.graph_at(self.graph, example) or self.graph

    def _repr_svg_(self) -> str | None:
        """The figure, for Jupyter."""
        return None if (display := notebook.registered()) is None else display.svg(self)

    def _repr_html_(self) -> str | None:
        """The figure and the table, for Jupyter."""
        return None if (display := notebook.registered()) is None else display.html(self)

    def __repr__(self) -> str:
        return f"<Network {self.name}: {counted(len(self.layers), 'layer')}, {counted(self.parameters, 'parameter')}>"
