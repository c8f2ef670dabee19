from hndl.torch import network

model = network(
    """
    conv(16, kernel_size=3, padding=1)
    relu()
    max_pool(2)
    conv(32, kernel_size=3, padding=1)
    relu()
    max_pool(2)
    flatten()
    linear(10)
    """,
    input_shape=("B", 32, 32, 3),  # right: input_shape=("B", 3, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
