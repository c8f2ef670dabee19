from hndl.torch import network

model = network(
    """
    conv(16, kernel_size=3, padding=1)
    e1 = relu()
    max_pool(2)
    conv(32, kernel_size=3, padding=1)
    e2 = relu()
    max_pool(2)
    conv(64, kernel_size=3, padding=1)
    relu()
    u2 = deconv(32, kernel_size=2, stride=2)
    concat(e2, u2)
    conv(32, kernel_size=3, padding=1)
    relu()
    u1 = deconv(16, kernel_size=2, stride=2)
    concat(e1, u1)
    conv(16, kernel_size=3, padding=1)
    relu()
    conv(2, kernel_size=1)
    """,
    input_shape=("B", 1, 50, 50),  # right: input_shape=("B", 1, 48, 48),
    output_shape=("B", 2, 50, 50),  # right: output_shape=("B", 2, 48, 48),
    device="cpu",
)
