from hndl.torch import network

model = network(
    """
    linear(3136)
    relu()
    reshape(64, 8, 8)  # right: reshape(64, 7, 7)
    deconv(32, kernel_size=4, stride=2, padding=1)
    relu()
    deconv(1, kernel_size=4, stride=2, padding=1)
    sigmoid()
    """,
    input_shape=("B", 64),
    output_shape=("B", 1, 28, 28),
    device="cpu",
)
