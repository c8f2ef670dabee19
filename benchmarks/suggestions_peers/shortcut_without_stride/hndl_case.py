from hndl.torch import network

model = network(
    """
    conv(x, 128, kernel_size=3, stride=2, padding=1)
    relu()
    y = conv(128, kernel_size=3, padding=1)
    s = conv(x, 128, kernel_size=1)  # right: s = conv(x, 128, kernel_size=1, stride=2)
    add(s, y)
    relu()
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 64, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
