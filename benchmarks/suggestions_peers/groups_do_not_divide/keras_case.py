import keras
import torch
from keras import layers

inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(60, 3, padding="same", activation="relu")(inputs)
x = layers.Conv2D(120, 3, padding="same", groups=8)(x)  # right: x = layers.Conv2D(120, 3, padding="same", groups=6)(x)
x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
