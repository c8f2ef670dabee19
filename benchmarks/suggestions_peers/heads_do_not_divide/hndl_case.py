from hndl.torch import network

model = network(
    """
    h = layer_norm(x)
    a = attention(h, 5)  # right: a = attention(h, 6)
    r = add(x, a)
    layer_norm(r)
    linear(1536)
    gelu()
    f = linear(384)
    add(r, f)
    linear(10)
    """,
    input_shape=("B", 128, 384),
    output_shape=("B", 128, 10),
    device="cpu",
)
