from hndl.torch import network

model = network(
    """
    conv(60, kernel_size=3, padding=1)
    relu()
    conv(120, kernel_size=3, padding=1, groups=8)  # right: conv(120, kernel_size=3, padding=1, groups=6)
    relu()
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 3, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
