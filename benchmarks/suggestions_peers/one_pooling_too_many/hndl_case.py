from hndl.torch import network

model = network(
    """
    conv(32, kernel_size=3, padding=1)
    relu()
    max_pool(2)
    conv(64, kernel_size=3, padding=1)
    relu()
    max_pool(2)
    conv(128, kernel_size=3, padding=1)
    relu()
    max_pool(2)
    conv(256, kernel_size=3)
    relu()
    max_pool(2)
    max_pool(2)  # right:
    flatten()
    linear(10)
    """,
    input_shape=("B", 3, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
