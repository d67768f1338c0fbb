"""Cards on transformers: where the norm stands, and which norm it is."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from claims.card import Card, Measures
from claims.digits import epochs
from claims.torch_nets import digit_tensors, generator, linear

WIDTH, HEADS = 32, 4


class Block(nn.Module):
    """Attention and a feed-forward map, each with a norm before it or after the sum."""

    def __init__(
        self, draw: torch.Generator, norm: Callable[[int], nn.Module], before: bool
    ) -> None:
        super().__init__()
        self.before = before
        self.norms = nn.ModuleList([norm(WIDTH), norm(WIDTH)])
        self.qkv = linear(draw, WIDTH, 3 * WIDTH, gain=1.0)
        self.out = linear(draw, WIDTH, WIDTH, gain=1.0)
        self.up = linear(draw, WIDTH, 4 * WIDTH, gain=1.0)
        self.down = linear(draw, 4 * WIDTH, WIDTH, gain=1.0)

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        """Return softmax attention among the tokens of each sample."""
        heads = self.qkv(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*heads)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map of each token by itself."""
        return self.down(F.relu(self.up(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tokens after both parts, shape (N, tokens, WIDTH)."""
        parts = (self.attention, self.feed_forward)
        for part, norm in zip(parts, self.norms, strict=True):
            x = x + part(norm(x)) if self.before else norm(x + part(x))
        return x


class Transformer(nn.Module):
    """A classifier of digits that reads an image as eight tokens, its rows."""

    def __init__(
        self,
        draw: torch.Generator,
        depth: int,
        norm: Callable[[int], nn.Module] = nn.LayerNorm,
        before: bool = True,
    ) -> None:
        super().__init__()
        self.embed = linear(draw, 8, WIDTH, gain=1.0)
        self.position = nn.Parameter(torch.randn(8, WIDTH, generator=draw))
        self.blocks = nn.ModuleList([Block(draw, norm, before) for _ in range(depth)])
        self.norm = norm(WIDTH) if before else nn.Identity()
        self.head = linear(draw, WIDTH, 10, gain=1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class scores, shape (N, 10), of pixels of shape (N, 64)."""
        tokens = self.embed(x.unflatten(1, (8, 8))) + self.position
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(self.norm(tokens).mean(dim=1))


class DyT(nn.Module):
    """Dynamic tanh, ``gamma * tanh(alpha * x) + beta``: no statistics."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), 0.5))
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the squashed input, same shape."""
        return self.gamma * torch.tanh(self.alpha * x) + self.beta


def gradients_at_start(seed: int) -> Measures:
    """Find the gradient of the last feed-forward map, averaged over 4 new networks."""
    x, labels, *_ = digit_tensors(seed)
    found: Measures = {}
    for name, before in (("pre", True), ("post", False)):
        for depth in (2, 8, 32):
            draw, norms = generator(seed), []
            for _ in range(4):
                net = Transformer(draw, depth, before=before)
                loss = F.cross_entropy(net(x[:128]), labels[:128])
                last = net.blocks[-1].get_parameter("down.weight")
                norms.append(float(torch.autograd.grad(loss, last)[0].norm()))
            found[f"{name}_{depth}"] = float(np.mean(norms))
    return found


def no_warm_up(seed: int) -> Measures:
    """Train 8 blocks by Adam at its full rate at once, norm before or after."""
    return {
        name: _trained(Transformer(generator(seed), 8, before=before), seed, 4)
        for name, before in (("pre", True), ("post", False))
    }


def rms_norm(seed: int) -> Measures:
    """Train the same transformer of 2 blocks with layer norm and with RMSNorm."""
    return _qualities(seed, 5, {"layer": nn.LayerNorm, "rms": nn.RMSNorm})


def dynamic_tanh(seed: int) -> Measures:
    """Train the same transformer of 2 blocks with layer norm, DyT, and no norm."""
    norms = {"layer": nn.LayerNorm, "dyt": DyT, "none": nn.Identity}
    return _qualities(seed, 10, norms)


def rms_norm_time(seed: int) -> Measures:
    """Time RMSNorm and layer norm, both from elementary operations of torch.

    The fastest of 40 rounds counts: what else the machine does can only add time.
    """
    draw = generator(seed)
    x = torch.randn(512, 512, generator=draw).requires_grad_()
    upstream = torch.randn(512, 512, generator=draw)
    times: dict[str, list[float]] = {"layer": [], "rms": []}
    for _ in range(40):
        for name, norm in (("layer", _layer_norm), ("rms", _rms_norm)):
            start = time.perf_counter()
            torch.autograd.grad(norm(x), x, upstream)
            times[name].append(time.perf_counter() - start)
    layer, rms = map(min, times.values())
    return {"saved": 100 * (1 - rms / layer)}


def _qualities(
    seed: int, count: int, norms: Mapping[str, Callable[[int], nn.Module]]
) -> Measures:
    """Return the test accuracy of 2 blocks with each norm after `count` epochs."""
    nets = {k: Transformer(generator(seed), 2, norm) for k, norm in norms.items()}
    return {name: _trained(net, seed, count) for name, net in nets.items()}


def _trained(net: Transformer, seed: int, count: int, rate: float = 3e-3) -> float:
    """Return the test accuracy in percent after `count` epochs of Adam."""
    x, labels, x_test, labels_test = digit_tensors(seed)
    adam = torch.optim.Adam(net.parameters(), lr=rate)
    for rows in epochs(count, 64)(np.random.default_rng(seed), labels.numpy()):
        adam.zero_grad()
        F.cross_entropy(net(x[rows]), labels[rows]).backward()
        adam.step()
    with torch.no_grad():
        right = net(x_test).argmax(dim=1) == labels_test
    return 100 * float(right.float().mean())


def _layer_norm(x: torch.Tensor) -> torch.Tensor:
    centered = x - x.mean(dim=-1, keepdim=True)
    return centered * (centered.square().mean(dim=-1, keepdim=True) + 1e-5).rsqrt()


def _rms_norm(x: torch.Tensor) -> torch.Tensor:
    return x * (x.square().mean(dim=-1, keepdim=True) + 1e-5).rsqrt()


CARDS = (
    Card(
        name="gradients-at-start",
        chapter="transformers",
        title="Where does the norm of a transformer block stand?",
        paper="xiong2020layer",
        theirs="with the norm after the sum (post-LN), expected gradients near the "
        "output are large at initialization; with the norm inside the branch (pre-LN) "
        "they are well-behaved",
        known="abstract",
        differs="blocks of width 32 on digits as eight tokens; the gradient of the "
        "last feed-forward map, before any training",
        sentence="From 2 to 32 blocks the pre-LN gradient falls to less than 9/10; at "
        "32 blocks post-LN's is more than twice as large.",
        ours="norm of the gradient at 2, 8 and 32 blocks: pre-LN {pre_2:.2f}, "
        "{pre_8:.2f}, {pre_32:.2f}; post-LN {post_2:.2f}, {post_8:.2f}, {post_32:.2f}",
        measure=gradients_at_start,
        claim=lambda m: (
            m["pre_32"] < 0.9 * m["pre_2"] and m["post_32"] > 2 * m["pre_32"]
        ),
    ),
    Card(
        name="no-warm-up",
        chapter="transformers",
        title="Can a transformer train without warm-up?",
        paper="xiong2020layer",
        theirs="pre-LN transformers reach comparable results without the warm-up that "
        "post-LN ones need",
        known="abstract",
        differs="8 blocks of width 32 on digits as eight tokens, 4 epochs of Adam at "
        "rate 0.003 from the first step",
        sentence="Without warm-up, pre-LN is above 70 % accuracy and more than 20 "
        "points ahead of post-LN.",
        ours="accuracy: pre-LN {pre:.0f} %, post-LN {post:.0f} %",
        measure=no_warm_up,
        claim=lambda m: m["pre"] > 70 and m["pre"] > m["post"] + 20,
        leaves_out="that warm-up repairs post-LN, which the chapter tries.",
    ),
    Card(
        name="rms-norm-time",
        chapter="transformers",
        title="What does RMSNorm save?",
        paper="zhang2019rms",
        theirs="7 to 64 % less running time, by model, at comparable quality",
        known="abstract",
        differs="the layer alone, forward and backward on 512 tokens of width 512, "
        "from elementary operations in torch, one thread; no model around it",
        sentence="RMSNorm takes at least 5 % less time than layer norm.",
        ours="time saved: {saved:.0f} %",
        measure=rms_norm_time,
        claim=lambda m: m["saved"] > 5,
        leaves_out="whole models, and fused kernels.",
        timed=True,
    ),
    Card(
        name="rms-norm-quality",
        chapter="transformers",
        title="Does RMSNorm learn as well as layer norm?",
        paper="zhang2019rms",
        theirs="comparable performance",
        known="abstract",
        differs="a transformer of 2 blocks of width 32 on digits as eight tokens, 5 "
        "epochs",
        sentence="RMSNorm's accuracy is within 5 points of layer norm's.",
        ours="accuracy: layer norm {layer:.1f} %, RMSNorm {rms:.1f} %",
        measure=rms_norm,
        claim=lambda m: abs(m["rms"] - m["layer"]) < 5,
    ),
    Card(
        name="dynamic-tanh",
        chapter="transformers",
        title="Can tanh replace layer norm?",
        paper="zhu2025dyt",
        theirs="ViT-B on ImageNet: 82.3 % with layer norm, 82.5 % with DyT",
        known="read",
        differs="a transformer of 2 blocks of width 32 on digits as eight tokens, 10 "
        "epochs",
        sentence="DyT's accuracy is at most 5 points below layer norm's.",
        ours="accuracy: layer norm {layer:.1f} %, DyT {dyt:.1f} %, no norm {none:.1f} "
        "%",
        measure=dynamic_tanh,
        claim=lambda m: m["dyt"] >= m["layer"] - 5,
        leaves_out="that a norm, or DyT, is needed: two blocks train without any.",
    ),
)
