import keras
import torch
from keras import layers

inputs = keras.Input((28, 28, 1))  # right: inputs = keras.Input((32, 32, 1))
x = layers.Conv2D(6, 5, activation="tanh")(inputs)
x = layers.AveragePooling2D(2)(x)
x = layers.Conv2D(16, 5, activation="tanh")(x)
x = layers.AveragePooling2D(2)(x)
x = layers.Conv2D(120, 5, activation="tanh")(x)
x = layers.Flatten()(x)
x = layers.Dense(84, activation="tanh")(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
