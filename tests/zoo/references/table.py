"""The references by the names of the networks in the zoo."""

from collections.abc import Mapping

from . import detection, generation, segmentation, signals
from .reference import Reference

_TV = "torchvision"

REFERENCES: Mapping[str, Reference] = {
    "fcn_resnet50": Reference(segmentation.fcn, {"S": 64, "classes": 5}, _TV),
    "fcn_resnet101": Reference(segmentation.fcn, {"S": 64, "classes": 5}, _TV),
    "deeplabv3_resnet50": Reference(segmentation.deeplab_v3, {"S": 64, "classes": 5}, _TV),
    "deeplabv3_resnet101": Reference(segmentation.deeplab_v3, {"S": 64, "classes": 5}, _TV),
    "ssd300_vgg16": Reference(detection.ssd300, {"classes": 5}, _TV),
    "retinanet_resnet50_fpn": Reference(detection.retinanet, {"S": 128, "classes": 5}, _TV),
    "yolov8n": Reference(detection.YOLOv8, {"S": 64}),
    "yolov8s": Reference(detection.YOLOv8, {"S": 64}),
    "yolov8m": Reference(detection.YOLOv8, {"S": 64}),
    "yolov8l": Reference(detection.YOLOv8, {"S": 32}),
    "yolov8x": Reference(detection.YOLOv8, {"S": 32}),
    "unet_plus_plus": Reference(segmentation.UNetPlusPlus, {"S": 32, "width": 4, "classes": 2}),
    "unet3d": Reference(segmentation.UNet3D, {"width": 2}),
    "crnn": Reference(signals.CRNN),
    "eegnet": Reference(signals.EEGNet),
    "pointnet": Reference(signals.PointNet, {"L": 50}),
    "vae": Reference(generation.VAE),
}
COUNTED_ONLY = ("unet", "autoencoder", "dcgan_generator", "dcgan_discriminator", "char_lstm", "gpt2")
"""The texts of other tasks that are compared in `test_modules.py` only."""
