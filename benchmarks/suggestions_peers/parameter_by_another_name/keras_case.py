import keras
import torch
from keras import layers


def unit(x, c, stride=1):
    x = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)  # right: x = layers.Conv2D(c, 3, strides=stride, padding="same")(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


inputs = keras.Input((32, 32, 3))
x = unit(unit(inputs, 32), 64, 2)
outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, outputs)
model(torch.zeros(2, *model.input_shape[1:]))
