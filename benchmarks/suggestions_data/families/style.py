"""How a generated text is written: each author has habits, which stay the same within a text."""

from random import Random

INDENT = "  "


class Style:
    """The habits of one author."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.same = random.random() < 0.4
        self.normalized = random.random() < 0.6
        self.joined = random.random() < 0.7
        self.activation = random.choice(["relu", "relu", "relu", "leakyrelu 0.1", "gelu", "silu"])
        self.named = random.random() < 0.5

    def padding(self, kernel: int) -> str:
        """The padding with which a convolution of stride 1 keeps the spatial size."""
        return "same" if self.same else f"p{kernel // 2}"

    def conv(self, filters: int | str, kernel: int = 3, stride: int | str = 1, more: str = "") -> str:
        """A convolution that keeps the size, or divides it by the stride."""
        words = [f"conv {filters} k{kernel}"]
        if stride != 1:
            words.append(f"s{stride}" if isinstance(stride, int) else f"s={stride}")
        if kernel > 1:
            words.append(self.padding(kernel) if stride == 1 else f"p{kernel // 2}")
        words += [more] if more else []
        return " ".join(words)

    def unit(self, filters: int | str, kernel: int = 3, stride: int | str = 1) -> list[str]:
        """A convolution, its normalization where the author uses it, and the activation."""
        if self.normalized:
            return [self.conv(filters, kernel, stride, "nobias"), "bn", self.activation]
        return [self.conv(filters, kernel, stride), self.activation]

    def lines(self, *groups: list[str], depth: int = 0) -> str:
        """Each group of statements on one line, or each statement on its own, as is the author's habit."""
        indent = INDENT * depth
        kept = ["; ".join(group) for group in groups] if self.joined else [each for group in groups for each in group]
        return "".join(f"{indent}{line}\n" for line in kept)

    def header(self, name: str, parameters: str = "", comment: str = "") -> str:
        """A comment and the network's line, where the author writes them; a network with parameters always has its
        line.
        """
        lines = f"# {comment}\n" if comment and self.random.random() < 0.4 else ""
        if parameters or self.named:
            lines += f"net {name}({parameters})\n" if parameters else f"net {name}\n"
        return lines

    def pick(self, *values: int) -> int:
        """One of these numbers."""
        return self.random.choice(values)
