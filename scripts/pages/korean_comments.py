"""The comments of the tutorial's programs in Korean: the programs of Korean pages are those of the English ones."""

import re

KOREAN = {
    "6": "6",
    "2": "2",
    "stays": "그대로",
    "8 filters of 1x3x3": "1x3x3 필터 8개",
    "16 filters of 8x3x3": "8x3x3 필터 16개",
    "a score for each of the ten digits": "숫자 10개 각각의 점수",
    "a score for each word, at every step": "시점마다 단어별 점수",
    "channels, height, width": "채널, 높이, 너비",
    "channels, height, width of a grayscale image": "흑백 이미지의 채널, 높이, 너비",
    "each filter reads all three channels": "필터마다 세 채널을 모두 읽는다",
    "logits": "로짓",
    "receptive field of the last convolution, in pixels": "마지막 합성곱의 수용 영역(픽셀)",
    "small, instead of a pretrained network": "사전 학습된 신경망 대신 쓰는 작은 인코더",
    "train it with --from WEIGHTS": "--from WEIGHTS로 가중치를 불러와 학습한다",
    "64·64·5·5": "64·64·5·5",
    "2·64·64·3·3": "2·64·64·3·3",
    "LeNet-5 as it is usually implemented; the notes at the end list the differences from the paper": (
        "오늘날 흔히 구현하는 LeNet-5. 논문과 다른 점은 끝에 적었다"
    ),
    "LeCun, Bottou, Bengio & Haffner: Gradient-Based Learning Applied to Document Recognition, 1998, Proc. IEEE": (
        "LeCun, Bottou, Bengio & Haffner: Gradient-Based Learning Applied to Document Recognition, 1998, Proc. IEEE"
    ),
    "In the paper, pooling multiplies the sum of each window by a learned factor, adds a learned bias and applies a "
    "sigmoid;": "논문의 풀링은 윈도우마다 합을 구해 학습된 계수를 곱하고, 학습된 편향을 더한 뒤 시그모이드를 적용한다.",
    "15 of the 16 maps of the second convolution read only some of the six (table 1); the output units compute RBF "
    "distances": (
        "두 번째 합성곱의 특징 맵 16개 가운데 15개는 여섯 개 중 일부만 읽고(표 1), 출력 유닛은 RBF 거리를 계산한다"
    ),
}
"""The comment of a program, and the same in Korean; numbers and references stay."""

PROGRAM = re.compile(r"^```arch[^\n]*\n", re.MULTILINE)
COMMENT = re.compile(r'(?<=# )(?!.*")\S.*$', re.MULTILINE)


def comments(block: str) -> list[str]:
    """The comments of a fenced block; a block of output has none."""
    return [found.strip() for found in COMMENT.findall(block)] if PROGRAM.match(block) else []


def in_korean(block: str) -> str:
    """A fenced block with its comments in Korean. Raises KeyError for a comment that has no translation."""
    return COMMENT.sub(lambda found: KOREAN[found[0].strip()], block) if PROGRAM.match(block) else block
