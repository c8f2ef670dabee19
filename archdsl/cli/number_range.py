"""A range of numbers as the type of an option."""

import math
from typing import Any, final

import click


@final
class NumberRange(click.FloatRange):
    """A range of numbers. Unlike click's, it does not contain NaN."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number
