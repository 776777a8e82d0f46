"""One update of the networks: forward, loss, backward, optimizer."""

from collections.abc import Callable

import torch
from torch import Tensor

from packdepth import distributed
from packdepth.config.variants import Computing, Training
from packdepth.training import computing
from packdepth.training.augmentation import Item
from packdepth.training.objective import Objective, Outcome
from packdepth.training.start import Networks

WARM_UP = 3  # updates before one is recorded: libraries choose their kernels in the first


class Update:
    """Takes a batch, gives its loss and terms, each (), on the device; nothing waits for them."""

    def __init__(
        self,
        networks: Networks,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        training: Training,
        device: torch.device,
    ) -> None:
        self._networks, self._objective, self._optimizer = networks, objective, optimizer
        self._shared = distributed.shared(networks)
        self._parts, self._device = training.micro_batches, device
        self._computing: Computing = training.on(device.type)
        self._forward = computing.compiled(networks.depth.forward_scales, self._computing)

    def __call__(self, batch: Item) -> dict[str, Tensor]:
        """Make one update."""
        outcomes = self.backward(batch)
        self._optimizer.step()
        return self.means(outcomes)

    def backward(self, batch: Item, observed: bool = False) -> list[Outcome]:
        """The outcome of every micro-batch; the gradients become those of the whole batch, of all processes.

        Hooks see the parts of the network only if it is `observed`: compiled code shows nothing of its inside.
        """
        self._optimizer.zero_grad(set_to_none=True)
        forward = self._networks.depth.forward_scales if observed else self._forward
        outcomes = []
        for number, micro_batch in enumerate(self._micro_batches(batch), start=1):
            with distributed.exchanging(self._shared, now=number == self._parts):
                outcomes.append(self._outcome(micro_batch, forward))
                torch.autograd.backward(outcomes[-1].loss / self._parts)
        return outcomes

    def means(self, outcomes: list[Outcome]) -> dict[str, Tensor]:
        """Loss and terms of the whole batch: means over micro-batches and processes."""
        rows = [torch.stack([outcome.loss, *outcome.terms.values()]).detach() for outcome in outcomes]
        means = distributed.mean_of_all([torch.stack(rows).mean(dim=0)])[0]
        return dict(zip(("loss", *outcomes[0].terms), means, strict=True))

    def _micro_batches(self, batch: Item) -> list[Item]:
        """Equal parts of a batch, after which a step is taken."""
        parts = {name: values.chunk(self._parts) for name, values in batch.items()}
        return [{name: values[index] for name, values in parts.items()} for index in range(self._parts)]

    def _outcome(self, batch: Item, forward: Callable[[Tensor], list[Tensor]]) -> Outcome:
        """The networks' outputs in the precision of the settings, their loss in float32."""
        image = computing.laid_out(batch["image"], self._computing)
        with computing.autocast(self._device, self._computing):
            scales, pose = self._shared(forward, image, batch)
            scales = [scale.float() for scale in scales]
        return self._objective(scales, pose, batch)


class RecordedUpdate:
    """An update whose kernels are recorded once, as a CUDA graph, and then started together.

    Otherwise each of its thousands of kernels waits for the processor to start it. The first updates are made as usual.
    A recorded one has the gradients in memory of its own.
    """

    def __init__(self, update: Update, networks: Networks) -> None:
        self._update, self._parameters = update, list(networks.parameters())
        self._made = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batch: Item = {}
        self._values: dict[str, Tensor] = {}
        self._gradients: list[Tensor | None] = []

    def __call__(self, batch: Item) -> dict[str, Tensor]:
        """Make one update. All batches have the shapes of the first."""
        self._made += 1
        if self._made <= WARM_UP:
            return self._warm_up(batch)
        if self._graph is None:
            self._graph = self._record(batch)
        for name, values in batch.items():
            self._batch[name].copy_(values)
        self._graph.replay()
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient  # an update that was not recorded may have put others there
        return {name: value.clone() for name, value in self._values.items()}

    def _warm_up(self, batch: Item) -> dict[str, Tensor]:
        """An update on another stream, as torch's notes on CUDA graphs demand before one is recorded."""
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            values = self._update(batch)
        here.wait_stream(aside)
        for value in values.values():
            value.record_stream(here)
        return values

    def _record(self, batch: Item) -> torch.cuda.CUDAGraph:
        """Record an update of a batch without making it."""
        self._batch = {name: values.clone() for name, values in batch.items()}
        for parameter in self._parameters:
            parameter.grad = None
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._values = self._update(self._batch)
        self._gradients = [parameter.grad for parameter in self._parameters]
        return graph
