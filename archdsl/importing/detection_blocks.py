"""Blocks of detection networks that `std` does not have, written from the papers.

Wang et al.: YOLOv10: Real-Time End-to-End Object Detection, 2024, arXiv 2405.14458; Khanam & Hussain: YOLOv11: An
Overview of the Key Architectural Enhancements, 2024, arXiv 2410.17725.
"""

from collections.abc import Sequence

BLOCKS = {
    "cbs_padded": """block cbs_padded(filters, k = 1, s = 1, p = 0) {
  conv filters k=k s=s p=p nobias; bn eps=1e-3 momentum=0.03; silu
}""",
    "csp": """block csp(filters, n = 1, skip = 1) {
  let c = filters//2
  concat { cbs c; repeat n { residual when skip { cbs c; cbs c k3 } } } { cbs c }
  cbs filters
}""",
    "cb": "block cb(filters, k = 1, s = 1, groups = 1) { conv filters k=k s=s same groups=groups nobias; "
    "bn eps=1e-3 momentum=0.03 }",
    "scdown": "block scdown(filters, k = 3, s = 2) { cbs filters; cb filters k=k s=s groups=filters }",
    "cib": """block cib(filters, skip, large) {
  let c = @c
  residual when skip {
    cbs c k3 groups=c
    cbs 2*filters
    if large { add { cb 2*filters k7 groups=(2*filters) } { cb 2*filters k3 groups=(2*filters) }; silu }
    if not large { cbs 2*filters k3 groups=(2*filters) }
    cbs filters
    cbs filters k3 groups=filters
  }
}""",
    "c2f_cib": """block c2f_cib(filters, n, skip, large) {
  let c = filters//2
  cbs 2*c
  repeat n { concat { slice -c; cib c skip large } }
  cbs filters
}""",
    "psa": """block psa {
  let c = @c
  let heads = c//64
  let key = c//heads//2
  let rows = @h
  residual {
    cb (c + 2*heads*key); rearrange "(n d) h w -> n d (h w)" n=heads as parts
    slice (2*key) axis=1 as value
    from parts
    slice key (2*key) axis=1 as keys
    from parts
    slice 0 key axis=1; rearrange "n d t -> n t d"
    matmul keys; scale key**-0.5; softmax axis=2; rearrange "n t s -> n s t" as weights
    add {
      matmul value weights; rearrange "n d (h w) -> (n d) h w" h=rows
    } {
      from value
      rearrange "n d (h w) -> (n d) h w" h=rows; cb c k3 groups=c
    }
    cb c
  }
  residual { cbs 2*c; cb c }
}""",
    "c2psa": """block c2psa(filters, n = 1) {
  let c = filters//2
  cbs 2*c; concat { slice 0 c } { slice c; repeat n { psa } }
  cbs filters
}""",
    "detect": """block detect(box, class, classes) {
  concat { cbs box k3; cbs box k3; conv 64 k1 } { cbs class k3; cbs class k3; conv classes k1 }
  rearrange "c h w -> c (h w)"
}""",
    "detect_light": """block detect_light(box, class, classes) {
  let c = @c
  concat {
    cbs box k3; cbs box k3; conv 64 k1
  } {
    cbs c k3 groups=c; cbs class
    cbs class k3 groups=class; cbs class
    conv classes k1
  }
  rearrange "c h w -> c (h w)"
}""",
}
"""The text of each block, after those that it uses."""

_NEEDS = {"scdown": ("cb",), "cib": ("cb",), "c2f_cib": ("cb", "cib"), "psa": ("cb",), "c2psa": ("cb", "psa")}
REQUIRED = {word for words in _NEEDS.values() for word in words}


def block_text(used: Sequence[str]) -> list[str]:
    """The text of these blocks and of those that they need, each once and in order."""
    wanted = {*used, *(word for each in used for word in _NEEDS.get(each, ()))}
    return [line for word, text in BLOCKS.items() if word in wanted for line in (text, "")]
