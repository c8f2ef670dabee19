"""Names of stages, tensors and layers as they can be used in torch modules."""

import keyword as python

# Attributes of `nn.Module`: a submodule with such a name could not be set, or would hide the attribute. Those of
# `torch.fx.GraphModule` are among them, because networks used to be `GraphModule`s: weights of old runs have these
# names. A test compares this set with torch's.
RESERVED = frozenset(
    """
    T_destination add_module add_submodule apply bfloat16 buffers call_super_init children class_name code compile cpu
    cuda delete_all_unused_submodules delete_submodule double dump_patches eval extra_repr float forward get_buffer
    get_extra_state get_parameter get_submodule graph half ipu load_state_dict meta modules mtia named_buffers
    named_children named_modules named_parameters parameters print_readable recompile register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ self
    set_extra_state set_submodule shape_env share_memory state_dict to to_empty to_folder train training type xpu
    zero_grad
    """.split()  # noqa: SIM905  # a list of quoted strings would only be longer
)


def module_name(name: str) -> str:
    """The name, followed by an underscore if torch or Python uses it, or if it starts with one."""
    taken = name in RESERVED or name.startswith("_") or python.iskeyword(name)
    return f"{name}_" if taken else name
