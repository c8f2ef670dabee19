import keras
import torch
from keras import layers

inputs = keras.Input((32, 32, 64))
y = layers.Conv2D(64, 3, padding="same")(inputs)
y = layers.ReLU()(layers.BatchNormalization()(y))
y = layers.Conv2D(128, 3, padding="same")(y)  # right: y = layers.Conv2D(64, 3, padding="same")(y)
y = layers.BatchNormalization()(y)
x = layers.Add()([inputs, y])
x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
