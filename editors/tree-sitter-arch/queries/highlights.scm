; Written by scripts/grammars.py. Where several patterns match a node, the last one applies.
["add" "as" "assert" "aux" "block" "carry" "concat" "div" "einsum" "else" "figure" "for" "from" "if" "input" "let"
  "matmul" "maximum" "minimum" "moe" "mul" "net" "output" "repeat" "residual" "reuse" "scan" "shortcut" "stack"
  "stage" "sub" "train" "use" "when"] @keyword
["and" "or" "not"] @keyword.operator
["+" "*" "/" "//" "%" "**" "==" "!=" "<=" ">=" "<" ">" "="] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":"] @punctuation.delimiter

(name) @variable
((layer (name) @constant.builtin) (#any-of? @constant.builtin "affine" "alibi" "align_corners" "bicubic"
  "bidirectional" "bilinear" "causal" "ceil" "channelwise" "cosine" "exclude_pad" "frozen" "keep" "last" "learned"
  "linear" "nearest" "noaffine" "nobias" "qk_norm" "relative" "relu" "rope" "same" "same_upper" "sines" "sliding" "t5"
  "tanh" "trilinear" "valid"))
((layer (name) @constant) (#match? @constant "^[dghkmprs][0-9]+$"))
(comment) @comment
(string) @string
[(number) (size) (times)] @number
(computed_size) @number
(at) @variable.builtin
(in) @variable.builtin

(call function: (name) @function.builtin)
(layer name: (name) @function)
(merge name: _ @keyword)
(net name: (name) @type)
(block name: (name) @type)
(stage name: (name) @type)
(aux name: (name) @type)
(parameter name: (name) @variable.parameter)
(named_argument name: (name) @property)
(carried name: (name) @variable)
(_ target: (name) @variable)
(_ alias: (name) @label)
(output (name) @label)
(from (name) @label)
(reuse name: (name) @label)
((layer name: (name) @function.builtin) (#any-of? @function.builtin "abs" "absolute" "adaptive_avg_pool"
  "adaptive_avgpool" "adaptive_max_pool" "adaptive_maxpool" "adaptiveavgpool" "adaptiveavgpool1d" "adaptiveavgpool2d"
  "adaptiveavgpool3d" "adaptivemaxpool" "adaptivemaxpool1d" "adaptivemaxpool2d" "adaptivemaxpool3d" "amax" "amin"
  "arange" "attention" "averagepooling" "averagepooling1d" "averagepooling2d" "averagepooling3d" "avg_pool" "avgpool"
  "avgpool1d" "avgpool2d" "avgpool3d" "batch_norm" "batchnorm" "batchnorm1d" "batchnorm2d" "batchnorm3d"
  "batchnormalization" "bn" "celu" "center_crop" "centercrop" "channel_shuffle" "channelshuffle" "clamp" "class_token"
  "classtoken" "clip" "cls" "conv" "conv1d" "conv1dtranspose" "conv2d" "conv2dtranspose" "conv3d" "conv3dtranspose"
  "conv_transpose" "convolution" "convtranspose" "convtranspose1d" "convtranspose2d" "convtranspose3d" "cos" "crop"
  "deconv" "dense" "depthwise" "depthwise_conv" "depthwiseconv" "depthwiseconv1d" "depthwiseconv2d" "drop_path"
  "dropout" "dropout1d" "dropout2d" "dropout3d" "droppath" "dwconv" "elu" "embed" "embedding" "exp" "fc" "flatten"
  "from_tokens" "fully_connected" "fullyconnected" "gap" "gelu" "global_avg_pool" "global_max_pool"
  "globalaveragepooling" "globalaveragepooling1d" "globalaveragepooling2d" "globalaveragepooling3d" "globalavgpool"
  "globalmaxpool" "globalmaxpooling" "globalmaxpooling1d" "globalmaxpooling2d" "globalmaxpooling3d" "glu" "gmp" "gn"
  "group_norm" "groupnorm" "groupnormalization" "gru" "hard_sigmoid" "hard_swish" "hardsigmoid" "hardswish" "hsigmoid"
  "hswish" "identity" "instance_norm" "instancenorm" "instancenorm1d" "instancenorm2d" "instancenorm3d" "interpolate"
  "layer_norm" "layernorm" "layernormalization" "leaky_relu" "leakyrelu" "learned" "linear" "ln" "local_response_norm"
  "localresponsenorm" "log" "log_softmax" "logsoftmax" "lp_pool" "lppool" "lppool1d" "lppool2d" "lppool3d" "lrelu"
  "lrn" "lstm" "max_pool" "maxpool" "maxpool1d" "maxpool2d" "maxpool3d" "maxpooling" "maxpooling1d" "maxpooling2d"
  "maxpooling3d" "mean" "mha" "mish" "multihead_attention" "multiheadattention" "neg" "negate" "negative" "noop"
  "norm" "nothing" "pad" "permute" "pixel_shuffle" "pixel_unshuffle" "pixelshuffle" "pixelunshuffle" "pos"
  "position_bias" "position_embedding" "positionembedding" "pow" "power" "prelu" "rearrange" "reduce" "reduce_max"
  "reduce_min" "relative_bias" "relative_position_bias" "relu" "relu6" "reshape" "resize" "rms_norm" "rmsnorm" "rnn"
  "rsqrt" "scale" "select" "self_attention" "selfattention" "selu" "shift" "shuffle" "sigmoid" "silu" "simple_rnn"
  "simplernn" "sin" "slice" "softmax" "softplus" "spatial_dropout" "spatialdropout1d" "spatialdropout2d"
  "spatialdropout3d" "sqrt" "square" "std" "stochastic_depth" "stochasticdepth" "sum" "swish" "take" "tanh" "to_image"
  "to_tokens" "tokens" "unflatten" "untokens" "upconv" "upsample" "upsampling" "upsampling1d" "upsampling2d"
  "upsampling3d" "vector_norm" "view" "zero_pad" "zeropad" "zeropad1d" "zeropad2d" "zeropad3d" "zeropadding"
  "zeropadding1d" "zeropadding2d" "zeropadding3d"))
