import keras
import torch
from keras import layers

inputs = keras.Input((28, 28, 64))
y = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
y = layers.Conv2D(16, 1, activation="relu")(y)
y = layers.Conv2D(y.shape[-1], 1, activation="sigmoid")(y)  # right: y = layers.Conv2D(inputs.shape[-1], 1, activation="sigmoid")(y)
x = layers.Multiply()([inputs, y])
outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
