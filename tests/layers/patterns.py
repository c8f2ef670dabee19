"""Random patterns of axes, for tensors of a shape."""

from collections.abc import Sequence
from random import Random

from archdsl.shapes.shape import Shape

_NAMES = ("c", "t", "d", "h", "w", "l", "heads", "p", "q", "x1")
_LARGEST = 16


def pattern(random: Random, form: str, x: Shape) -> tuple[str, tuple[tuple[str, int], ...]]:
    """A pattern for a tensor of this shape, mostly one that fits, and the sizes that it needs."""
    if form == "einsum":
        return contraction(random, x)
    numbers = random.random() < 0.5
    left, named, sizes = _split(random, x, numbers)
    factors = [factor for group in left for factor in group]
    if form == "reduce":
        names = [factor for factor in factors if not factor.isdigit()]
        right = random.sample(names, random.randint(1, len(names))) if names else ["1"]
    else:
        right = _shuffled(random, factors)
    text = f"{_joined(left)} -> {_joined(_grouped(random, right))}"
    return _damaged(random, text), tuple(name for name in named.items() if name[0] in sizes)


def _split(random: Random, x: Shape, numbers: bool) -> tuple[list[list[str]], dict[str, int], set[str]]:
    """The factors of each axis, the sizes of names, and the names whose size must be given."""
    names = iter(random.sample(_NAMES, len(_NAMES)))
    groups: list[list[str]] = []
    named: dict[str, int] = {}
    given: set[str] = set()
    for size in x.dims:
        if size == 1 and random.random() < 0.3:
            groups.append(random.choice([[], ["1"]]))
            continue
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        inner = random.choice(divisors) if random.random() < 0.5 else 1
        outer = next(names)
        named[outer] = size // inner
        group = [outer]
        if inner > 1 or random.random() < 0.1:
            other = str(inner) if numbers and inner > 1 else next(names)
            if not other.isdigit():
                named[other] = inner
                given.add(other)
            group.insert(random.randrange(2), other)
        groups.append(group)
    return groups, named, given


def _shuffled(random: Random, factors: Sequence[str]) -> list[str]:
    """The factors in another order, but numbers in theirs; neighbors among these may be joined."""
    numbers = iter([factor for factor in factors if factor.isdigit() and factor != "1"])
    found = [factor for factor in factors if factor != "1"]
    random.shuffle(found)
    found = [next(numbers) if factor.isdigit() else factor for factor in found]
    index = 0
    while index + 1 < len(found):
        if found[index].isdigit() and found[index + 1].isdigit() and random.random() < 0.5:
            found[index : index + 2] = [str(int(found[index]) * int(found[index + 1]))]
        index += 1
    return found


def _grouped(random: Random, factors: Sequence[str]) -> list[list[str]]:
    """The factors in at most four axes; seldom one of length 1 among them."""
    groups: list[list[str]] = []
    for factor in factors:
        if groups and (len(groups) == 4 or random.random() < 0.35):
            groups[-1].append(factor)
        else:
            groups.append([factor])
    if len(groups) < 4 and random.random() < 0.15:
        groups.insert(random.randint(0, len(groups)), random.choice([[], ["1"]]))
    return groups


def _joined(groups: Sequence[Sequence[str]]) -> str:
    return " ".join(group[0] if len(group) == 1 else f"({' '.join(group)})" for group in groups)


def _damaged(random: Random, text: str) -> str:
    """The pattern, now and then with a word more, less or other."""
    words = text.split(" ")
    at = random.randrange(len(words))
    match random.randrange(40):
        case 0:
            del words[at]
        case 1:
            words.insert(at, random.choice(["2", "c", "(", ")", "...", ",", "->"]))
        case 2:
            words[at] = random.choice(["3", "w", "1"])
        case _:
            pass
    return " ".join(words)


def contraction(random: Random, x: Shape) -> tuple[str, tuple[tuple[str, int], ...]]:
    """A pattern of one or two tensors, of which the first has this shape."""
    names = random.sample(_NAMES, len(_NAMES))
    first = names[: x.rank]
    second = [*random.sample(first, random.randint(0, len(first))), *names[x.rank : x.rank + random.randint(0, 2)]][:4]
    random.shuffle(second)
    terms = [first, second or [names[-1]]] if random.random() < 0.8 else [first]
    known = list(dict.fromkeys(name for term in terms for name in term))
    right = random.sample(known, random.randint(1, min(4, len(known)))) if known else ["c"]
    left = ", ".join(" ".join(term) for term in terms)
    return _damaged(random, f"{left} -> {' '.join(right)}"), ()


def operand(random: Random, text: str, x: Shape) -> Shape | None:
    """A second tensor for such a pattern; None where it has one, or cannot be read."""
    terms = text.partition("->")[0].split(",")
    if len(terms) != 2:
        return None
    known = dict(zip(terms[0].split(), x.dims, strict=False))
    names = terms[1].split()
    if not 1 <= len(names) <= 4:
        return None
    other = random.random() < 0.05
    return Shape(*(random.randint(1, 4) if name not in known or other else known[name] for name in names))
