"""The references by the names of the networks in the zoo."""

from collections.abc import Mapping

from . import detection, generation, language, points, recurrent, segmentation, signals
from .reference import Reference

_TV, _TF, _DF = "torchvision", "transformers", "diffusers"
_SD = {"width": 16, "groups": 4, "heads": 2, "T": 7, "C": 24, "S": 32}
_BERT = {"width": 48, "n": 2, "heads": 4, "vocabulary": 50, "T": 16}
_LLAMA = {"width": 64, "n": 2, "heads": 4, "kv_heads": 2, "hidden": 96, "vocabulary": 50, "T": 12}
_MAMBA = {"width": 24, "n": 2, "states": 5, "rank": 3, "vocabulary": 50, "T": 9}
_TASNET = {"speakers": 3, "N": 10, "L": 8, "B": 6, "H": 7, "X": 3, "R": 2, "T": 80}
_T5 = {"width": 32, "n": 2, "heads": 4, "hidden": 48, "vocabulary": 50, "S": 40, "T": 36}
_WHISPER = {"width": 48, "n": 2, "heads": 4, "L": 40}
_CLIP = {"width": 128, "text": 64, "n": 2, "code": 24, "vocabulary": 50, "S": 64, "T": 9}

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
    "detr_r50": Reference(
        detection.DETR, {"width": 24, "heads": 2, "n": 2, "n3": 2, "classes": 5, "queries": 7, "S": 96}
    ),
    "unet_plus_plus": Reference(segmentation.UNetPlusPlus, {"S": 32, "width": 4, "classes": 2}),
    "unet3d": Reference(segmentation.UNet3D, {"width": 2}),
    "crnn": Reference(signals.CRNN),
    "eegnet": Reference(signals.EEGNet),
    "pointnet": Reference(signals.PointNet, {"L": 50}),
    "nerf": Reference(points.NeRF),
    "tcn": Reference(points.TCN, {"L": 300, "n": 4}),
    "wavenet": Reference(signals.WaveNet, {"levels": 6, "width": 4, "skip": 5, "cycles": 2, "n": 3, "L": 40}),
    "conv_tasnet": Reference(signals.conv_tasnet, _TASNET, "torchaudio"),
    "show_and_tell": Reference(points.ShowAndTell, {"n2": 1, "n3": 2, "vocabulary": 50, "S": 64, "T": 5}),
    "convlstm": Reference(
        recurrent.ConvLSTM, {"C": 3, "T": 4, "H": 7, "W": 6, "first": 8, "second": 6, "third": 4, "size": 3}
    ),
    "t5_small": Reference(language.t5, _T5, _TF),
    "t5_base": Reference(language.t5, _T5, _TF),
    "mamba_130m": Reference(language.mamba, _MAMBA, _TF),
    "mamba_370m": Reference(language.mamba, _MAMBA, _TF),
    "vae": Reference(generation.VAE),
    "ddpm_cifar10": Reference(generation.ddpm, {"width": 16, "groups": 4}, _DF),
    "stable_diffusion_unet": Reference(generation.stable_diffusion, _SD, _DF),
    **dict.fromkeys(("bert_base", "bert_large"), Reference(language.bert, _BERT, _TF)),
    **dict.fromkeys(
        ("llama_7b", "llama2_7b", "llama2_70b", "llama3_8b", "llama3_70b"), Reference(language.llama, _LLAMA, _TF)
    ),
    **dict.fromkeys(
        ("whisper_tiny_encoder", "whisper_base_encoder", "whisper_small_encoder"),
        Reference(language.whisper_encoder, _WHISPER, _TF),
    ),
    **dict.fromkeys(("clip_vit_b_32", "clip_vit_b_16"), Reference(language.clip, _CLIP, _TF)),
}
COUNTED_ONLY = ("unet", "autoencoder", "dcgan_generator", "dcgan_discriminator", "char_lstm", "gpt2")
"""The texts of other tasks that are compared in `test_modules.py` only."""
