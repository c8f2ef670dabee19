"""Classify arrows: main path, branches, skips."""

from collections import Counter

from .figure import Flow

Pair = tuple[str, str]


def find_flows(pairs: list[Pair]) -> list[Flow]:
    """The flow of each arrow between two boxes; arrows are in topological order.

    A skip spans more steps than another arrow from the same box. The main path is the one with the most steps, if it is
    unique.
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
    """The number of arrows on the longest path to each box."""
    steps: dict[str, int] = {}
    for start, end in pairs:
        before = steps.setdefault(start, 0)
        steps[end] = max(steps.get(end, 0), before + 1)
    return steps


def main_path(pairs: list[Pair], end: str) -> list[str]:
    """The boxes on the longest path to this one, from its start."""
    steps = _steps(pairs)
    path = [end]
    while before := [start for start, stop in pairs if stop == path[-1]]:
        path.append(max(before, key=steps.__getitem__))
    return path[::-1]
