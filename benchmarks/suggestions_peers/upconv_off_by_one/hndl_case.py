from hndl.torch import network

model = network(
    """
    conv(16, kernel_size=3, padding=1)
    e1 = relu()
    max_pool(2)
    conv(32, kernel_size=3, padding=1)
    relu()
    y = deconv(16, kernel_size=3, stride=2, padding=1)  # right: y = deconv(16, kernel_size=2, stride=2)
    concat(e1, y)
    conv(16, kernel_size=3, padding=1)
    relu()
    conv(2, kernel_size=1)
    """,
    input_shape=("B", 1, 64, 64),
    output_shape=("B", 2, 64, 64),
    device="cpu",
)
