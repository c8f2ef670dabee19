from hndl.torch import network

model = network(
    """
    layer_norm(x)
    linear(1536)
    gelu()
    y = linear(1536)  # right: y = linear(384)
    add(x, y)
    linear(10)
    """,
    input_shape=("B", 196, 384),
    output_shape=("B", 196, 10),
    device="cpu",
)
