"""The exercise on which parameters decay."""

import numpy as np

from normlib.checks.bank import _solutions_practice
from normlib.checks.exercise import Case, Exercise

__all__ = ["decay_groups"]

_Layer = tuple[str, str, int, bool]  # name, module, axes of its weight, has a bias


def _reference(names, modules, ndims, decay: float) -> np.ndarray:
    linear = np.isin(modules, ["Linear", "Conv1d", "Conv2d"])
    return decay * (linear & (np.array(ndims) > 1))


def _net(*layers: _Layer) -> tuple[list[str], list[str], list[int]]:
    """Return name, module and number of axes of each parameter."""
    rows = []
    for name, module, ndim, has_bias in layers:
        rows.append((f"{name}.weight", module, ndim))
        rows += [(f"{name}.bias", module, 1)] if has_bias else []
    names, modules, ndims = zip(*rows, strict=True)
    return list(names), list(modules), list(ndims)


_NETS = {
    "by hand": _net(
        ("0", "Linear", 2, True),
        ("1", "BatchNorm1d", 1, True),
        ("3", "Linear", 2, True),
    ),
    "convolutions without bias": _net(
        ("0", "Conv2d", 4, False),
        ("1", "BatchNorm2d", 1, True),
        ("3", "Conv2d", 4, False),
        ("4", "GroupNorm", 1, True),
        ("7", "Linear", 2, True),
    ),
    "layer norm over an image": _net(
        ("0", "Conv2d", 4, True), ("1", "LayerNorm", 3, True), ("4", "Linear", 2, True)
    ),
    "RMS norm": _net(
        ("0", "Linear", 2, False), ("1", "RMSNorm", 1, False), ("2", "Linear", 2, True)
    ),
    "RMS norm over an image": _net(
        ("0", "Conv2d", 4, True), ("1", "RMSNorm", 3, False), ("3", "Conv1d", 3, True)
    ),
    "names that tell": _net(
        ("conv1", "Conv2d", 4, False),
        ("bn1", "BatchNorm2d", 1, True),
        ("norm2", "GroupNorm", 1, True),
        ("fc", "Linear", 2, True),
    ),
    "names that mislead": _net(
        ("after_norm", "Linear", 2, True),
        ("debias", "Linear", 2, True),
        ("scale", "LayerNorm", 1, True),
    ),
    "no norm": _net(("0", "Conv1d", 3, True), ("2", "Linear", 2, False)),
}


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return the nets, each with a decay of its own; none is half of another."""
    decays = rng.permutation([0.01, 0.03, 0.05, 0.07, 0.11, 0.13, 0.17, 0.19])
    pairs = zip(_NETS.items(), decays.tolist(), strict=True)
    return [Case(label, (*net, decay)) for (label, net), decay in pairs]


decay_groups = Exercise(
    "decay-groups",
    "field-guide",
    "sec-field-guide",
    _solutions_practice.decay_groups,
    ("decays",),
    _reference,
    _cases,
    (
        "Both a matrix and a γ are called `weight`. What tells them apart?",
        "A γ of batch norm and every bias have one axis, a matrix has two, a filter "
        "three or four. But `LayerNorm((64, 8, 8))` has a γ with three axes.",
        "So ask for the module first: `'Norm' in module or ndim == 1` is true of all "
        "that stay, and of nothing else. `np.where` puts 0 there.",
    ),
)


def _where(keep, decay: float) -> np.ndarray:
    """Return 0 where a parameter is kept from decay, `decay` elsewhere."""
    return np.where(list(keep), 0.0, decay)


def _is_norm(modules) -> np.ndarray:
    return np.array(["Norm" in module for module in modules])


def _is_bias(names) -> np.ndarray:
    return np.array([name.endswith("bias") for name in names])


mistake = decay_groups.mistake


@mistake(
    "Everything decays.",
    "So does an optimizer with one `weight_decay` for `net.parameters()`: it pulls γ, "
    "β and biases to 0 with the rest.",
    "eq-factor-cancels",
)
def _everything_decays(names, modules, ndims, decay):
    return np.full(len(names), decay)


@mistake(
    "Nothing decays.",
    "Matrices and filters should.",
    "sec-field-guide",
)
def _nothing_decays(names, modules, ndims, decay):
    return np.zeros(len(names))


@mistake(
    "The two groups were swapped: γ, β and biases decay, the weights do not.",
    "The first group of an optimizer is not the second.",
    "sec-field-guide",
)
def _groups_swapped(names, modules, ndims, decay):
    return decay - _right(modules, ndims, decay)


@mistake(
    "Only what is called `bias` was kept from decay, so every γ decays.",
    "A norm's scale is called `weight` in PyTorch, as a matrix is.",
    "eq-factor-cancels",
)
def _only_biases_kept(names, modules, ndims, decay):
    return _where(_is_bias(names), decay)


@mistake(
    "The number of axes alone decides, so a γ with three axes decays.",
    "Layer norm and RMS norm over an image have one scale for each channel and pixel.",
    "eq-index-sets",
)
def _axes_alone(names, modules, ndims, decay):
    return _where(np.array(ndims) == 1, decay)


@mistake(
    "The modules alone decide, so the biases of linear maps and convolutions decay.",
    "A bias sets a level, and pulling it to 0 makes no function simpler.",
    "sec-field-guide",
)
def _modules_alone(names, modules, ndims, decay):
    return _where(_is_norm(modules), decay)


@mistake(
    "Only γ was kept from decay: every β and every bias decays.",
    "A norm's parameters are two, and both stay.",
    "eq-factor-cancels",
)
def _only_gamma_kept(names, modules, ndims, decay):
    return _where(_is_norm(modules) & ~_is_bias(names), decay)


norms_by_name = mistake(
    "Norms were looked for in the names of the parameters.",
    "In a `Sequential` a γ is called `1.weight`, and `after_norm.weight` may be a "
    "matrix.",
    "sec-field-guide",
)


@norms_by_name
def _norms_by_name(names, modules, ndims, decay):
    named = np.array(["norm" in name or "bn" in name for name in names])
    return _where(named | _is_bias(names), decay)


@norms_by_name
def _norms_by_name__or_one_axis(names, modules, ndims, decay):
    named = np.array(["norm" in name or "bn" in name for name in names])
    return _where(named | (np.array(ndims) == 1), decay)


@mistake(
    "Every parameter with `bias` anywhere in its name was kept, a matrix among them.",
    "A module may be called `debias`; only the end of the name is PyTorch's.",
    "sec-field-guide",
)
def _bias_anywhere_in_the_name(names, modules, ndims, decay):
    named = np.array(["bias" in name for name in names])
    return _where(_is_norm(modules) | named, decay)


@mistake(
    "Of the norms, only batch norm was kept from decay.",
    "Group norm, layer norm and RMS norm have a γ too.",
    "eq-index-sets",
)
def _batch_norm_only(names, modules, ndims, decay):
    batch = np.array(["BatchNorm" in module for module in modules])
    return _where(batch | _is_bias(names), decay)


rms_norm_forgotten = mistake(
    "RMS norm is missing from the list of norms.",
    "Its γ decays like a matrix; it has no bias that would remind you of it.",
    "eq-rms-norm",
)


@rms_norm_forgotten
def _rms_norm_forgotten(names, modules, ndims, decay):
    rms = np.array([module == "RMSNorm" for module in modules])
    return _where((_is_norm(modules) & ~rms) | _is_bias(names), decay)


@rms_norm_forgotten
def _rms_norm_forgotten__seen_with_three_axes(names, modules, ndims, decay):
    rms = np.array([module == "RMSNorm" for module in modules])
    return _where((_is_norm(modules) & ~rms) | (np.array(ndims) == 1), decay)


@mistake(
    "Only matrices decay; filters, with three or four axes, do not.",
    "A filter is a matrix with its columns folded up.",
    "sec-field-guide",
)
def _filters_kept(names, modules, ndims, decay):
    return _where(_is_norm(modules) | (np.array(ndims) != 2), decay)


@mistake(
    "What comes back is a flag, 1 for what decays, not the decay.",
    "An optimizer would take it for a decay of 1.",
    "sec-field-guide",
)
def _flags_returned(names, modules, ndims, decay):
    return _right(modules, ndims, decay) / decay


@mistake(
    "What comes back is the factor 1 - decay that shrinks a parameter.",
    "An optimizer wants the decay itself, 0 for what stays.",
    "sec-field-guide",
)
def _factors_returned(names, modules, ndims, decay):
    return 1 - _right(modules, ndims, decay)


def _right(modules, ndims, decay: float) -> np.ndarray:
    return _where(_is_norm(modules) | (np.array(ndims) == 1), decay)
