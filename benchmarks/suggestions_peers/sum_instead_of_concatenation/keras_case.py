import keras
import torch
from keras import layers

inputs = keras.Input((28, 28, 64))
a = layers.Conv2D(32, 1, activation="relu")(inputs)
b = layers.Conv2D(48, 1, activation="relu")(inputs)
b = layers.Conv2D(64, 3, padding="same", activation="relu")(b)
x = layers.Add()([a, b])  # right: x = layers.Concatenate()([a, b])
outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
