from hndl.torch import network

model = network(
    """
    conv(64, kernel_size=3, padding=1, dilation=2)  # right: conv(64, kernel_size=3, padding=2, dilation=2)
    relu()
    y = conv(64, kernel_size=3, padding=1)
    add(x, y)
    relu()
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 64, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
