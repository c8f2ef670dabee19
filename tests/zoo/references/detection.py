"""References of detectors: torchvision's, and YOLOv8 written by hand from its published table of layers."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.conformance import torchvision_models

from ..std_references import FastPyramidPooling, SplitStage, bottleneck, cbs, cbs_pair


class Detector(nn.Module):
    """The scores and boxes of a detector of torchvision, before they are decoded."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found = self.head(list(self.backbone(x).values()))
        return found["cls_logits"], found["bbox_regression"]


def ssd300(classes: int = 91) -> nn.Module:
    models = torchvision_models().detection
    return Detector(models.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=classes))


def retinanet(n3: int = 6, classes: int = 91, S: int = 800) -> nn.Module:
    models = torchvision_models().detection
    assert n3 == 6
    return Detector(models.retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes))


class YOLOv8(nn.Module):
    def __init__(
        self,
        depth: float = 0.33,
        width: float = 0.25,
        largest: int = 1024,
        classes: int = 80,
        S: int = 640,
    ) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = (int(min(c, largest) * width) for c in (64, 128, 256, 512, 1024))
        n, m = round(3 * depth), round(6 * depth)
        self.down1, self.down2, self.stage2 = cbs(3, c1, 3, 2), cbs(c1, c2, 3, 2), stage(c2, c2, n, True)
        self.down3, self.stage3 = cbs(c2, c3, 3, 2), stage(c3, c3, m, True)
        self.down4, self.stage4 = cbs(c3, c4, 3, 2), stage(c4, c4, m, True)
        self.down5, self.stage5, self.pool = cbs(c4, c5, 3, 2), stage(c5, c5, n, True), FastPyramidPooling(c5, c5)
        self.up4, self.up3 = stage(c5 + c4, c4, n, False), stage(c4 + c3, c3, n, False)
        self.back3, self.out4 = cbs(c3, c3, 3, 2), stage(c3 + c4, c4, n, False)
        self.back4, self.out5 = cbs(c4, c4, 3, 2), stage(c4 + c5, c5, n, False)
        box, label = max(16, c3 // 4, 64), max(c3, min(classes, 100))
        self.boxes = nn.ModuleList(head(c, box, 64) for c in (c3, c4, c5))
        self.labels = nn.ModuleList(head(c, label, classes) for c in (c3, c4, c5))

    def forward(self, x: Tensor) -> Tensor:
        x3 = self.stage3(self.down3(self.stage2(self.down2(self.down1(x)))))
        x4 = self.stage4(self.down4(x3))
        x5 = self.pool(self.stage5(self.down5(x4)))
        y4 = self.up4(torch.cat([functional.interpolate(x5, scale_factor=2.0), x4], 1))
        y3 = self.up3(torch.cat([functional.interpolate(y4, scale_factor=2.0), x3], 1))
        z4 = self.out4(torch.cat([self.back3(y3), y4], 1))
        z5 = self.out5(torch.cat([self.back4(z4), x5], 1))
        heads = zip((y3, z4, z5), self.boxes, self.labels, strict=True)
        return torch.cat([torch.cat([boxes(z), labels(z)], 1).flatten(2) for z, boxes, labels in heads], 2)


def stage(c: int, out: int, n: int, skip: bool) -> nn.Module:
    return SplitStage(c, out, out // 2, [cbs_pair(out // 2, out // 2, skip) for _ in range(n)])


def head(c: int, mid: int, out: int) -> nn.Module:
    return nn.Sequential(cbs(c, mid, 3), cbs(mid, mid, 3), nn.Conv2d(mid, out, 1))


class DETR(nn.Module):
    """Listing 1 of the paper; its positions and queries come first here, in the order of their use."""

    def __init__(
        self,
        width: int = 256,
        heads: int = 8,
        n: int = 6,
        n3: int = 6,
        classes: int = 91,
        queries: int = 100,
        S: int = 800,
    ) -> None:
        super().__init__()
        self.columns, self.rows = (nn.Parameter(torch.rand(50, width // 2)) for _ in range(2))
        self.queries = nn.Parameter(torch.rand(queries, width))
        parts: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        parts.append(nn.MaxPool2d(3, 2, 1))
        c = 64
        for index, (planes, count) in enumerate([(64, 3), (128, 4), (256, n3), (512, 3)]):
            for number in range(count):
                parts.append(bottleneck(c, planes, 2 if index and not number else 1, 1))
                c = 4 * planes
        self.backbone, self.project = nn.Sequential(*parts), nn.Conv2d(c, width, 1)
        self.transformer = nn.Transformer(width, heads, n, n, 8 * width, batch_first=True)
        self.scores, self.boxes = nn.Linear(width, classes + 1), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.project(self.backbone(x))
        height, width = h.shape[2:]
        columns = self.columns[:width][None].expand(height, -1, -1)
        rows = self.rows[:height][:, None].expand(-1, width, -1)
        positions = torch.cat([columns, rows], 2).flatten(0, 1)
        fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # it does not call the parts, whose order is noted
        found = self.transformer(h.flatten(2).transpose(1, 2) + positions, self.queries.repeat(len(x), 1, 1))
        torch.backends.mha.set_fastpath_enabled(fused)
        return self.scores(found), self.boxes(found).sigmoid()
