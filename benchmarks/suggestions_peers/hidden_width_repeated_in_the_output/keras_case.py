import keras
import torch
from keras import layers

inputs = keras.Input((196, 384))
y = layers.Dense(1536, activation="gelu")(layers.LayerNormalization()(inputs))
y = layers.Dense(1536)(y)  # right: y = layers.Dense(384)(y)
x = layers.Add()([inputs, y])
outputs = layers.Dense(10)(x[:, 0])
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
