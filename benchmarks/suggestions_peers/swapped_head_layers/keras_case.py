import keras
import torch
from keras import layers

inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(inputs)
x = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(x)
outputs = layers.GlobalAveragePooling2D()(layers.Dense(10)(x))  # right: outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
