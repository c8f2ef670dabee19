"""The scores of a network as text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..training.tasks.meter import Scores


def scores_in_words(scores: "Scores") -> str:
    """The scores, without top-5 accuracy where there are few classes."""
    from ..training.tasks.class_scores import ClassScores, shows_top5
    from ..training.tasks.metric import named_values

    if not isinstance(scores, ClassScores):
        return named_values(scores.summary())
    top5 = f", top-5 {scores.top5:.2%}" if shows_top5(len(scores.confusion)) else ""
    return f"accuracy {scores.accuracy:.2%}{top5}, loss {scores.loss:.4f}"
