"""The words of the figures, in English and Korean."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "image": "image",
    "output": "output",
    "reads": "how often each pixel is read",
    "window": (
        "{text}: {arithmetic}, so the output has {out} positions. At row {row}, column {column}, the output is "
        "{value}. Number of reads: {corner} for a corner pixel, {middle} for a pixel in the middle; {unread} of "
        "{pixels} pixels are never read."
    ),
    "photograph": "image",
    "feature map": "feature map (absolute values)",
    "sum": "weights times pixels",
    "filter": "At row {row}, column {column}, the sum of weights times pixels is {value}.",
    "probabilities": "probabilities",
    "maps": "For the digit {digit}, the most probable class is {best} with {percent}%.",
    "field": (
        "Row {row}, column {column} of `{layer}` depends on {pixels} pixels of the image; away from the border, its "
        "receptive field is {size}×{size}."
    ),
    "steps": (
        "{images} · {fraction} / {batch} = {steps} steps per epoch. Training takes {memory}; the largest batch in "
        "{limit} GiB is {most}."
    ),
    "batch": "batch",
    "steps per epoch": "steps per epoch",
    "memory": "memory",
    "for": "used for",
    "too much": "out of memory",
    "parameters": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations",
    "transient": "gradients of activations",
}
KOREAN: Mapping[str, str] = {
    "image": "이미지",
    "output": "출력",
    "reads": "각 픽셀을 읽는 횟수",
    "window": (
        "{text}: {arithmetic}이므로 출력 크기는 {out}입니다. {row}행 {column}열의 출력은 {value}입니다. 모서리 픽셀은 "
        "{corner}번, 가운데 픽셀은 {middle}번 읽히고, {pixels}개 픽셀 중 {unread}개는 한 번도 읽히지 않습니다."
    ),
    "photograph": "이미지",
    "feature map": "특징 맵(절댓값)",
    "sum": "가중치 × 픽셀",
    "filter": "{row}행 {column}열에서 가중치와 픽셀의 곱의 합은 {value}입니다.",
    "probabilities": "확률",
    "maps": "숫자 {digit}에 대해 확률이 가장 높은 클래스는 {best}({percent}%)입니다.",
    "field": (
        "`{layer}` 출력의 {row}행 {column}열은 이미지의 픽셀 {pixels}개에 의존합니다. 가장자리에서 떨어진 곳의 수용 "
        "영역은 {size}×{size}입니다."
    ),
    "steps": (
        "{images} · {fraction} / {batch} = 에포크당 {steps} 스텝. 학습에는 {memory}가 필요하고, {limit} GiB에 들어가는 "
        "가장 큰 배치는 {most}입니다."
    ),
    "batch": "배치",
    "steps per epoch": "에포크당 스텝 수",
    "memory": "메모리",
    "for": "용도",
    "too much": "메모리 부족",
    "parameters": "가중치",
    "gradients": "기울기",
    "optimizer": "옵티마이저",
    "activations": "활성값",
    "transient": "활성값의 기울기",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "ko": KOREAN}


def words(language: str) -> Mapping[str, str]:
    """The words of a language. Raises ValueError for an unknown one."""
    if language not in LANGUAGES:
        raise ValueError(f"language is one of {', '.join(LANGUAGES)}")
    return LANGUAGES[language]


def signed(value: float) -> str:
    """A number with a true minus sign, and without a fraction if there is none."""
    return f"{value:g}".replace("-", "−")
