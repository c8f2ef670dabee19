"""Which arrows are the way on, which branch off, which go around."""

from collections import Counter

from .figure import Flow

Pair = tuple[str, str]


def find_flows(pairs: list[Pair]) -> list[Flow]:
    """The flow of each arrow between two boxes; arrows stand in an order in which each comes after those before it.

    A skip spans more steps than another arrow from the same box. The main way is the one of the most steps, where only
    one has so many.
    """
    depth = _steps(pairs)
    height = _steps([(end, start) for start, end in reversed(pairs)])
    nearest: dict[str, int] = {}
    for start, end in pairs:
        nearest[start] = min(nearest.get(start, depth[end]), depth[end])
    longest = {(s, e) for s, e in pairs if depth[e] == depth[s] + 1 and height[s] == height[e] + 1}
    out, into = Counter(start for start, _ in longest), Counter(end for _, end in longest)

    def flow(start: str, end: str) -> Flow:
        if depth[end] > nearest[start] and depth[end] - depth[start] > 1:
            return Flow.SKIP
        alone = (start, end) in longest and out[start] == into[end] == 1
        return Flow.MAIN if alone else Flow.BRANCH

    return [flow(*pair) for pair in pairs]


def _steps(pairs: list[Pair]) -> dict[str, int]:
    """How many arrows lie between each box and the farthest one that leads to it."""
    steps: dict[str, int] = {}
    for start, end in pairs:
        before = steps.setdefault(start, 0)
        steps[end] = max(steps.get(end, 0), before + 1)
    return steps


def main_path(pairs: list[Pair], end: str) -> list[str]:
    """The boxes on the way of the most steps to this one, from its beginning."""
    steps = _steps(pairs)
    path = [end]
    while before := [start for start, stop in pairs if stop == path[-1]]:
        path.append(max(before, key=steps.__getitem__))
    return path[::-1]
