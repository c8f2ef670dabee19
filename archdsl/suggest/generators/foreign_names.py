"""Names in papers, textbooks and other frameworks for statements of this language, apart from synonyms of layers."""

from collections.abc import Mapping

from ...layers import merges

_NAMES: Mapping[str, str] = {
    "concat": "join merge append hstack depth_concat filter_concat concatenation route",
    "add": "plus addition eltwise eltwiseadd elementwise_add add_layer accumulate",
    "mul": "times product hadamard eltwise_mul elementwise_mul",
    "sub": "minus difference",
    "div": "over quotient",
    "matmul": "dot batch_matmul",
    "residual": "skip res resblock residual_block skip_connection identity_block",
    "fc": "inner_product innerproduct ip lin fully_connected_layer fclayer dense_layer linear_layer perceptron gemm",
    "conv": "convolve convolutional conv_layer convlayer convolution2d spatial_conv",
    "dwconv": "dw dw_conv depthconv depth_conv depthwise_convolution separable_depthwise",
    "upconv": "transposed_conv transpose_conv deconvolution upconvolution up_conv fractional_conv tconv",
    "maxpool": "pooling subsample subsampling downsample max_pooling spatial_max",
    "avgpool": "meanpool mean_pool average_pool average_pooling mean_pooling avg_pooling",
    "gap": "global_pool globalpool gpool global_average global_mean_pool global_average_pool spatial_mean"
    " globalaveragepool",
    "gmp": "global_max",
    "bn": "batch_normalisation batch_normalization bnorm spatial_bn",
    "layernorm": "layer_normalization layer_normalisation lnorm",
    "groupnorm": "group_normalization group_normalisation",
    "dropout": "drop drop_out",
    "embedding": "emb lookup_table token_embedding word_embedding embedding_layer",
    "flatten": "flat ravel unroll vectorize flatten_layer",
    "upsample": "upscale unpooling up up_sampling enlarge",
    "rnn": "recurrent elman vanilla_rnn",
    "attention": "attn self_attn multihead multi_head_attention multihead_self_attention mhsa msa",
    "relu": "rectifier rectified_linear rect relu_layer",
    "leakyrelu": "leaky leaky_rectifier",
    "sigmoid": "logistic sigm",
    "softmax": "softmax_layer",
    "pos": "pos_embed positional_embedding",
    "cls": "cls_token class_embedding",
    "scale": "rescaling",
    "identity": "passthrough",
}

FOREIGN_NAMES: Mapping[str, str] = {
    **{name: keyword for keyword, names in _NAMES.items() for name in names.split()},
    **{synonym: merge.keyword for merge in merges().values() for synonym in merge.synonyms},
}
"""The word of this language by the word that is used elsewhere."""
