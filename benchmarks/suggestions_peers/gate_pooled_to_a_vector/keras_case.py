import keras
import torch
from keras import layers

inputs = keras.Input((28, 28, 64))
y = layers.GlobalAveragePooling2D()(inputs)  # right: y = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
y = layers.Conv2D(16, 1, activation="relu")(y)
y = layers.Conv2D(64, 1, activation="sigmoid")(y)
x = layers.Multiply()([inputs, y])
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
