from hndl.torch import network

model = network(
    """
    conv(16, kernel_size=3, padding=1)
    batch_norm()
    relu()
    conv(32, kernel_size=3, padding=1)
    batch_norm()
    rellu()  # right: relu()
    global_avg_pool()
    linear(10)
    """,
    input_shape=("B", 3, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
