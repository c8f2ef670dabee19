from hndl.torch import network

model = network(
    """
    conv(x, 32, kernel_size=1)
    a = relu()
    conv(x, 48, kernel_size=1)
    relu()
    conv(64, kernel_size=3, padding=1)
    b = relu()
    add(a, b)  # right: concat(a, b)
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 64, 28, 28),
    output_shape=("B", 10),
    device="cpu",
)
