"""Common operations that are not layers of the language: their names are not treated as misspelled layers."""

import re
from collections.abc import Iterable
from functools import lru_cache

from ..text.library import standard_blocks
from ..text.names import distance, nearest

_OPERATIONS = frozenset(
    """
    acos add_norm affine aggregate alibi any argmax argmin argsort asin atan atrous baddbmm bam bifpn bilinear
    blur blurpool bmm capsule cat ceil chunk clone combine compare contiguous conv4d convgru convlstm convnext
    correlation cosh cosine cross cross_attention crossattention crossentropy csp ctc cumprod cumsum dcn dct
    decoder deform deformable_conv deformconv delu depth_to_space depthtospace detach diag diff dilate divide
    dot dwt dynamic_conv ema encoder encoding envelope eq erase erf erosion evonorm expand expm1 eye fft fftn
    film filter fire flip floor fold frn frozenbn fuse gat gated gather gaussian gaussian_noise gaussiannoise
    gcn gem ghost ghostconv glimpse gmlp gradient grid_sample gridsample group_conv groupconv hadamard
    hardshrink hardtanh heaviside hebbian highway hinge hopfield hyena ifft inception index inner invert
    involution istft kan kron kronecker lambda layer_scale layernorm2d layerscale linear_attention local_conv
    locallyconnected log1p logit logsigmoid logsumexp lookup lpips lstmcell mamba mask masked matrix max maxout
    maxunpool median mel merge mfcc min mingru mixer mlp mm mod moveaxis multiply_add mv mxm nac nalu narrow nms
    noise normalise normalize ode one_hot onehot outer partial patch patch_embed patchembed patchify pconv
    perceiver performer permutohedral pixel_norm pixelnorm pool pos_encoding posenc position_encoding
    positional_encoding positionalencoding ppm prod psp qrnn quantise quantize randn random rbf reciprocal
    reflectionpad reglu remainder renorm rep repconv repeat_interleave replicate repvgg rescale reverse rfft roi
    roi_align roialign roipool roll rope rot90 rotary round router rrelu rwkv s4 s5 s6 sampling scan scatter
    senet separable separableconv separableconv2d sepconv sign sinc sinh sinkhorn siren sobel soft_argmax
    softmin softshrink softsign sort space_to_depth spacetodepth spade sparse spatial_transformer spectral_norm
    spectralnorm split spp squareplus squeeze srelu sru ssm standardize stem stft stn subtract swin switch
    syncbatchnorm syncbn tan tanhshrink tcn tensordot threshold tile time_distributed timedistributed topk trace
    transformer transformerdecoder transformerdecoderlayer transformerencoder transformerencoderlayer transpose
    tril triu trunc unet unfold unique unpool unsqueeze upfirdn vae var vlad vq wavelet weight_norm weightnorm
    where whiten whitening window xlstm xpos zoneout
    """.split()  # noqa: SIM905  # a list of quoted strings would only be longer
)

_LEAST = 4


def is_operation(word: str) -> bool:
    """Whether a word names an operation, with or without a number of spatial dimensions at the end."""
    low = word.lower()
    return low in _OPERATIONS or re.sub(r"_?[123]d$", "", low) in _OPERATIONS


def likely_name(word: str, known: Iterable[str]) -> tuple[str | None, bool]:
    """The known name that a word most likely refers to, and whether that is certain.

    An operation or a block of `std` refers to itself. A misspelling is certain if one letter of a word of at least four
    is wrong or doubled, and no other name is as close: `eelu` could be several activations.
    """
    if is_operation(word) or word in standard_blocks():
        return None, False
    return _nearest_of(word, tuple(known))


@lru_cache(64)
def _nearest_of(word: str, names: tuple[str, ...]) -> tuple[str | None, bool]:
    """Like `likely_name`, for other words; cached, because a word in a block is looked up at each use of it."""
    near = nearest(word, names)
    if near is None:
        return None, False
    low = word.lower()
    misspelled = {name for name in names if abs(len(name) - len(low)) <= 1 and distance(low, name.lower()) <= 1}
    doubled = re.sub(r"(.)\1", r"\1", low) == near
    return near, misspelled == {near} and (len(word) >= _LEAST or doubled)
