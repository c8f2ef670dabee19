import keras
import torch
from keras import layers

inputs = keras.Input((50, 50, 1))  # right: inputs = keras.Input((48, 48, 1))
e1 = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
e2 = layers.Conv2D(32, 3, padding="same", activation="relu")(layers.MaxPooling2D(2)(e1))
y = layers.Conv2D(64, 3, padding="same", activation="relu")(layers.MaxPooling2D(2)(e2))
u2 = layers.Conv2DTranspose(32, 2, strides=2)(y)
d2 = layers.Conv2D(32, 3, padding="same", activation="relu")(layers.Concatenate()([e2, u2]))
u1 = layers.Conv2DTranspose(16, 2, strides=2)(d2)
d1 = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.Concatenate()([e1, u1]))
outputs = layers.Conv2D(2, 1)(d1)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
