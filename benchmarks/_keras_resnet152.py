"""Keras's diagram of its own ResNet-152, on torch: `plot_model`, with the `dot` of an installed Graphviz."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras  # type: ignore[import-not-found]  # installed by hand, with pydot, for the comparison

if __name__ == "__main__":
    network = keras.applications.ResNet152(weights=None)
    # Not as SVG: with IPython installed, `plot_model` fails to display an SVG.
    keras.utils.plot_model(network, to_file=f"{sys.argv[1]}.png", show_shapes=True, dpi=48)
