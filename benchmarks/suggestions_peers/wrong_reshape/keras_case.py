import keras
import torch
from keras import layers

inputs = keras.Input((64,))
x = layers.Dense(3136, activation="relu")(inputs)
x = layers.Reshape((8, 8, 64))(x)  # right: x = layers.Reshape((7, 7, 64))(x)
x = layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(x)
outputs = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
