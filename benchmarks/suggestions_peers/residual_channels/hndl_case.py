from hndl.torch import network

model = network(
    """
    conv(64, kernel_size=3, padding=1)
    batch_norm()
    relu()
    conv(128, kernel_size=3, padding=1)  # right: conv(64, kernel_size=3, padding=1)
    y = batch_norm()
    add(x, y)
    relu()
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 64, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
