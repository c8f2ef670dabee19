import keras
import torch
from keras import layers

inputs = keras.Input((64, 64, 1))
e1 = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
e1 = x = layers.MaxPooling2D(2)(e1)  # right: x = layers.MaxPooling2D(2)(e1)
y = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
y = layers.Conv2DTranspose(16, 2, strides=2)(y)
y = layers.Concatenate()([e1, y])
y = layers.Conv2D(16, 3, padding="same", activation="relu")(y)
outputs = layers.Conv2D(2, 1)(y)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
