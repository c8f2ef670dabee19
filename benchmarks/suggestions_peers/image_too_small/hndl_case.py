from hndl.torch import network

model = network(
    """
    conv(6, kernel_size=5)
    tanh()
    avg_pool(2)
    conv(16, kernel_size=5)
    tanh()
    avg_pool(2)
    conv(120, kernel_size=5)
    tanh()
    flatten()
    linear(84)
    tanh()
    linear(10)
    """,
    input_shape=("B", 1, 28, 28),  # right: input_shape=("B", 1, 32, 32),
    output_shape=("B", 10),
    device="cpu",
)
