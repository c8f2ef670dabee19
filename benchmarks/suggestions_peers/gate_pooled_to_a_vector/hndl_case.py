from hndl.torch import network

model = network(
    """
    global_avg_pool()  # right: adaptive_avg_pool(1)
    conv(16, kernel_size=1)
    relu()
    conv(64, kernel_size=1)
    y = sigmoid()
    broadcast_mul(x, y)
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 64, 28, 28),
    output_shape=("B", 10),
    device="cpu",
)
