"""One epoch: the optimizer steps from the current state to the end of the epoch."""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..errors.loop_errors import Diverged
from .averages import WeightAverages
from .callback import Tick, TrainingCallback
from .freezing import freeze
from .run_store import RunStore
from .schedule import factor
from .tensor_parts import local
from .train_context import TrainContext
from .training_state import TrainingState

_TICK_SECONDS = 0.1

Forward = Callable[..., object]


class Epoch:
    """The steps from a state to the end of its epoch."""

    def __init__(
        self, state: TrainingState, context: TrainContext, forward: Forward, run: RunStore, callback: TrainingCallback
    ) -> None:
        self._state, self._context, self._forward, self._run, self._callback = (
            state,
            context,
            forward,
            run,
            callback,
        )
        self._order = torch.split(context.order(state.epoch), context.recipe.batch)
        self._mirrored = context.mirrored(state.epoch)
        self._batches = context.batches_of(state.epoch)
        self._decoded = context.streamed(state.epoch, list(self._order[state.batch : self._batches]))
        freeze(state.model, context.recipe.freeze, state.epoch)
        self._parameters = [p for p in state.model.parameters() if p.requires_grad]
        in_groups = (p for group in state.optimizer.param_groups for p in group["params"])
        self._with_gradients = list({id(p): p for p in (*state.model.parameters(), *in_groups)}.values())
        self._images, self._steps, self._updates = (
            len(context.train),
            context.steps,
            context.updates,
        )  # queried in each step
        self._means = WeightAverages(state) if state.average is not None else None
        self._on_cpu = context.setup.device.type == "cpu"
        self._autocast = context.setup.autocast()

    def run(self) -> bool:
        """Run the steps. False if stopped before the last one.

        Raises Diverged, DiskFull, UndecodableImage, or DecoderEnded.
        """
        try:
            return self._run_all()
        finally:
            if self._decoded is not None:
                self._decoded.close()

    def run_steps(self, steps: int) -> float:
        """Run only this many steps, and return the seconds that the last one took. Raises the same errors as `run`."""
        self._state.model.train()
        seconds = 0.0
        try:
            for _ in range(steps):
                started = time.perf_counter()
                self._update()
                self.check()
                seconds = time.perf_counter() - started
        finally:
            if self._decoded is not None:
                self._decoded.close()
        return seconds

    def _run_all(self) -> bool:
        state, context = self._state, self._context
        state.model.train()
        started = ticked = kept = time.perf_counter()
        seconds, seen = state.seconds, state.metrics.seen
        while state.batch < self._batches:
            self._update()
            now = time.perf_counter()
            state.seconds = seconds + now - started
            if now - ticked > _TICK_SECONDS and context.group.is_leader:
                self._tick((state.metrics.seen - seen) / (now - started))
                ticked = now
            stop, keep = context.group.agree(context.stop(), now - kept > 60 * context.recipe.checkpoint)
            if stop and state.batch < self._batches:
                self.check()
                return False
            if keep:
                self.check()
                self._run.keep(state)
                kept = now
        self.check()
        return True

    def check(self) -> None:
        """Raise Diverged if the loss or a weight is NaN or infinite. Waits for the device."""
        self._refuse(self._state.metrics.loss.item())
        finite = all(bool(local(parameter.detach()).isfinite().all()) for parameter in self._parameters)
        if self._context.group.any(not finite):  # a process sees only its shards
            self._refuse(math.nan)

    def _update(self) -> None:
        """Take one optimizer step, with one batch or the recipe's number of accumulated batches."""
        state, context = self._state, self._context
        first, last = state.batch, min(state.batch + context.recipe.accumulate, self._batches)
        batch = context.recipe.batch
        total = min(last * batch, self._images) - first * batch
        for number in range(first, last - 1):
            with context.group.no_sync():
                self._backward(self._order[number], total)
        self._backward(self._order[last - 1], total)
        self._step()
        context.group.sync_buffers()
        state.batch, state.step = last, state.step + 1

    def _backward(self, indices: Tensor, total: int) -> None:
        """Add a batch's gradients, weighted by its fraction of the `total` images of the step."""
        state, context = self._state, self._context
        mine, count = context.group.shard(indices)
        decoded = next(self._decoded) if self._decoded is not None else None
        inputs, targets = context.feed(mine, self._mirrored, state.rng, decoded)
        with self._autocast:
            output = self._forward(*context.task.feed(inputs, targets))
        outputs = context.objective.outputs(output)
        if count < len(mine):
            outputs, targets = tuple(each[:count] for each in outputs), targets[:count]
        # a process without samples has a loss of zero, whose gradients are zero
        loss = context.objective(outputs, targets) if count else torch.stack([each.sum() for each in outputs]).sum()
        mean, right = loss.detach(), None
        # gradients are averaged over processes but summed over accumulated batches
        part: float | Tensor = count / (1 if context.recipe.loss.sum else total)
        if context.group.size > 1:
            weight = self._weight(targets) if count else torch.zeros((), dtype=torch.float64, device=mean.device)
            mean, right, total_weight = context.group.total(mean, self._correct(outputs[0], targets), weight)
            batch = len(indices) / (1 if context.recipe.loss.sum else total)
            part = (weight * context.group.size / total_weight * batch).to(loss.dtype)
        if self._on_cpu:  # free on a CPU, and the bad gradient is never applied; a GPU would stall
            self._refuse(mean.item())
        share = loss if isinstance(part, float) and part == 1 else loss * part
        torch.autograd.backward(state.scaler.scale(share) if state.scaler else share)
        if right is None:
            state.metrics.update(mean, outputs[0], targets)
        else:
            state.metrics.add(mean, right, len(indices))

    def _weight(self, targets: Tensor) -> Tensor:
        """The weight of this process's part in the mean over the batch."""
        batch_weight = self._context.objective.batch_weight
        weight = batch_weight(targets) if batch_weight else torch.tensor(len(targets), device=targets.device)
        return weight.detach().double()

    def _correct(self, output: Tensor, targets: Tensor) -> Tensor:
        counter = self._context.task.count()
        return counter(output, targets) if counter else torch.zeros((), dtype=torch.int64, device=output.device)

    def _step(self) -> None:
        state, recipe = self._state, self._context.recipe
        scale = factor(recipe.schedule, state.step, self._steps, self._updates)
        annealed = max(0.0, 1 - state.step / (recipe.freeze.after * self._updates)) if recipe.freeze.anneal else scale
        for group in state.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * (annealed if group["anneal"] else scale)
        if recipe.clip is not None:
            if state.scaler:
                state.scaler.unscale_(state.optimizer)
            nn.utils.clip_grad_norm_(self._parameters, recipe.clip)
        if state.scaler:
            state.scaler.step(state.optimizer)
            state.scaler.update()
        else:
            state.optimizer.step()
        for parameter in self._with_gradients:  # what zero_grad does, without its profiler record
            parameter.grad = None
        if self._means is not None:
            self._means.step(recipe, state.step, self._steps)

    def _tick(self, speed: float) -> None:
        state, context = self._state, self._context
        means = state.metrics.summary()
        self._refuse(means["loss"])
        left = context.images_left(state.epoch, state.batch)
        self._callback.tick(Tick(state.epoch + 1, state.metrics.seen, means, speed, left / speed))

    def _refuse(self, loss: float) -> None:
        if not math.isfinite(loss):
            recipe = self._context.recipe
            raise Diverged(
                loss, self._state.epoch + 1, self._state.batch + 1, self._run.folder,
                recipe.optimizer.lr, self._context.setup.precision, recipe.clip is not None,
            )  # fmt: skip
