from hndl.torch import network

model = network(
    """
    conv(32, kernel_size=3, stride=2, padding=1)
    relu()
    conv(64, kernel_size=3, stride=2, padding=1)
    relu()
    linear(10); global_avg_pool()  # right: global_avg_pool(); linear(10)
    """,
    input_shape=("B", 3, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
