"""A training from start to end: started or resumed, finished or stopped, and the files in its folder."""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import torch

from . import assemble
from .data.images import Request, Source, Splits
from .errors.loop_errors import Diverged, variance_needed
from .errors.problem import Problem
from .errors.process_errors import BatchTooSmall, PeerFailed
from .errors.run_errors import CannotResume
from .loop.callback import Stop, Watch
from .loop.device_setup import Setup, Trial, choose_device
from .loop.evaluation import Scores
from .loop.loop import Ending, fit, score
from .loop.memory_budget import Budget
from .loop.process_group import ALONE, Team
from .loop.schedule import factor
from .loop.standardization import Standard, measure
from .loop.train_context import Job, on_device
from .loop.training_state import State, copy_tensors, weights_of
from .model_spec import Subject
from .recipe.recipe import Recipe
from .report import write_report
from .runs.checkpoint import list_checkpoints, read, restore_newest
from .runs.digests import of_text
from .runs.loaded_run import refuse_not_finite
from .runs.run_folder import Run
from .runs.run_lock import claimed
from .runs.run_settings import DataSettings, NetworkSettings, RunSettings, SetupSettings, versions
from .runs.weights import fitting, part, save_tensors


@dataclass(frozen=True)
class Place:
    """Inputs and outputs of a training: the data set request, the device, the run's folder."""

    request: Request
    device: str
    run: Run


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training; `tested` of a finished one has the split's name and the final scores on it."""

    run: Run
    ending: Ending
    state: State
    tested: tuple[str, Scores] | None


@dataclass(frozen=True)
class Training:
    """A training that can be started or resumed. `stop` returns whether the user wants it to stop.

    Each process of a `group` has its own, and all call the same methods.
    """

    subject: Subject
    source: Source
    recipe: Recipe
    place: Place
    watch: Watch
    stop: Stop = field(default_factory=Stop)
    team: Team = ALONE

    def start(self) -> Outcome:
        """Train from the start. Raises Problem."""
        splits, device = self._load()
        budget = Budget(self.subject.graph, self.recipe, device, splits, self.team.size)
        if warning := budget.warning():
            self.watch.note(warning)
        with self._alone():
            run = self.place.run
            if run.writes and run.settings.exists():
                raise CannotResume(run.folder, "another process has started a run in it", "give another --out")
            with budget, variance_needed():
                state, job = self._begin(splits, device)
            return self._go(state, job, splits, budget)

    def _begin(self, splits: Splits, device: torch.device) -> tuple[State, Job]:
        model = assemble.build(self.subject, self.recipe, device)
        standard = measure(splits.train.images)
        assemble.prepare(model, self.subject, splits, standard, device)
        setup, trials = assemble.choose(model, splits, standard, self.recipe, device, self.team)
        tried = ", ".join(f"{s.precision} {s.layout} {speed:,.0f}" for s, speed in trials)
        self.watch.note(f"computes on {setup}" + (f" (tried, in images/s: {tried})" if tried else ""))
        for note in self.team.notes(model, self.recipe.batch):
            self.watch.note(note)
        settings = self._settings(splits, standard, setup, trials, sum(p.numel() for p in model.parameters()))
        run = self.place.run
        run.write_network(self.subject.texts)
        run.write_settings(settings)
        job = assemble.job(self.recipe, setup, standard, splits, len(self.source.spec.classes), self.stop, self.team)
        return assemble.first_state(model, job), job

    def resume(self) -> Outcome:
        """Resume from the newest checkpoint of the run.

        On the CPU, with the same number of threads and processes, the result is bit for bit that of an uninterrupted
        run. Raises Problem.
        """
        splits, device = self._load()
        budget = Budget(self.subject.graph, self.recipe, device, splits, self.team.size)
        with self._alone():
            with budget:
                state, job = self._restored(splits, device)
            return self._go(state, job, splits, budget)

    def _alone(self) -> AbstractContextManager[None]:
        """No other process writes to the run meanwhile. Raises CannotResume."""
        run = self.place.run
        return claimed(run.folder) if run.writes else nullcontext()

    def _restored(self, splits: Splits, device: torch.device) -> tuple[State, Job]:
        run = self.place.run
        settings = run.read_settings()
        if assemble.sizes(splits) != settings.data.images:
            why = f"the data set has changed: {assemble.sizes(splits)} images, previously {settings.data.images}"
            raise CannotResume(run.folder, why)
        setup = Setup(device, settings.setup.precision, settings.setup.layout)
        standard = Standard(tuple(settings.data.mean), tuple(settings.data.deviation))
        job = assemble.job(self.recipe, setup, standard, splits, len(settings.data.classes), self.stop, self.team)
        model = assemble.build(self.subject, self.recipe, device)
        unbegun = not run.metrics.exists() and not list_checkpoints(run.checkpoints)
        if unbegun:  # interrupted before its first checkpoint: there is nothing to lose
            assemble.prepare(model, self.subject, splits, standard, device)
        state = assemble.first_state(model, job)
        if not unbegun:
            path, passed_over = restore_newest(state, run.checkpoints)
            if passed_over:
                self.watch.note(f"{passed_over}; using {path.name} instead")
        before = settings.setup
        if before.processes != self.team.size:
            begun = f"{before.processes} process{'es' * (before.processes > 1)}"
            self.watch.note(f"started in {begun}, resumes in {self.team.size}: random numbers differ")
        now = before.model_copy(update={"processes": self.team.size})
        run.write_settings(settings.model_copy(update={"recipe": self.recipe, "setup": now}))
        self.watch.note(_where(state, job))
        if note := _another_course(settings.recipe, state, job):
            self.watch.note(note)
        return state, job

    def _load(self) -> tuple[Splits, torch.device]:
        if self.recipe.batch < self.team.size:
            raise BatchTooSmall(self.recipe.batch, self.team.size)
        device = choose_device(self.team.device(self.place.device))
        return self._splits(), device

    def _splits(self) -> Splits:
        """The images. One process per machine downloads and decodes them if necessary, then the others load them."""
        splits: Splits | None = None
        problem: Problem | None = None
        try:
            if self.team.goes_first():
                splits = assemble.load(self.source, self.recipe, self.place.request, self.watch)
        except Problem as error:
            problem = error
        if self.team.any(problem is not None):
            raise problem or PeerFailed
        return splits or assemble.load(self.source, self.recipe, self.place.request, self.watch)

    def _go(self, state: State, job: Job, splits: Splits, budget: Budget) -> Outcome:
        run = self.place.run
        try:
            with budget, variance_needed():
                ending = fit(state, job, run, self.watch)
        except Diverged:
            if run.writes:
                _keep_finite(state, run)
                write_report(run, state, self.source.spec.classes, None, splits)
            raise
        run.keep_weights(state, run.last)
        tested = None
        if ending is not Ending.STOPPED:
            with budget:
                tested = _test(state, job, splits, run)
        if run.writes:
            write_report(run, state, self.source.spec.classes, tested, splits, ending)
            self.watch.over()
        return Outcome(run, ending, state, tested)

    def _settings(
        self, splits: Splits, standard: Standard, setup: Setup, trials: list[Trial], parameters: int
    ) -> RunSettings:
        spec, request = self.source.spec, self.place.request
        return RunSettings(
            network=NetworkSettings(
                name=self.subject.name,
                file=self.subject.file,
                given=dict(self.subject.given),
                sizes=self.subject.sizes,
                parameters=parameters,
                texts={name: of_text(text) for name, text in self.subject.texts.items()},
            ),
            data=DataSettings(
                name=spec.name,
                source=self.source.origin,
                folder=str(request.data_dir) if request.data_dir else None,
                classes=list(spec.classes),
                shape=spec.shape,
                mean=list(standard.mean),
                deviation=list(standard.deviation),
                images=assemble.sizes(splits),
            ),
            recipe=self.recipe,
            setup=SetupSettings(
                device=str(setup.device),
                precision=setup.precision,
                layout=setup.layout,
                threads=torch.get_num_threads(),
                processes=self.team.size,
                trial={f"{s.precision} {s.layout}": round(speed, 1) for s, speed in trials},
            ),
            versions=versions(),
        )


def _where(state: State, job: Job) -> str:
    """A message about where a resumed training continues."""
    if state.epoch < job.epochs:
        return f"resumes in epoch {state.epoch + 1}, after {state.step:,} steps"
    return f"all {state.epoch} epochs are finished; `--epochs {2 * state.epoch}` trains for as many more"


def _another_course(before: Recipe, state: State, job: Job) -> str | None:
    """A message about the learning rate if epochs were added: a schedule covers the whole training."""
    now, lr = job.recipe, state.optimizer.param_groups[0]["peak_lr"]
    if not 0 < state.step < job.steps or now.epochs == before.epochs:
        return None
    steps = replace(job, recipe=before).steps
    last, following = (
        lr * factor(now.schedule, step, of, job.updates)
        for step, of in ((state.step - 1, steps), (state.step, job.steps))
    )
    if math.isclose(last, following, rel_tol=0.05):
        return None
    course = f"the {now.schedule.name} schedule now spans {now.epochs:g} epochs"
    return f"{course}: the learning rate changes from {last:.3g} to {following:.3g}"


def _test(state: State, job: Job, splits: Splits, run: Run) -> tuple[str, Scores] | None:
    """Scores on the test images with the best epoch's weights, or the last ones if nothing was validated.

    On the validation images if there is no test set, None if there are neither. The state does not change.
    """
    name, images = ("test", splits.test) if splits.test else ("validation", splits.validation)
    if images is None:
        return None
    if job.team.any(run.writes and run.best.is_file()):
        best = {k: v.clone() for k, v in weights_of(state.model).items()}
        if run.writes:
            copy_tensors(fitting(run.best, best, verified=True), best)
        job.team.spread(best)
        state = replace(state, average=best)
    scores = score(state, job, on_device(images, job.setup.device), job.recipe.tta)
    refuse_not_finite(scores.logits, run)
    return name, scores


def _keep_finite(state: State, run: Run) -> None:
    """Write the last finite weights: the present ones, else those of the newest checkpoint."""
    present = state.average or weights_of(state.model)
    if all(bool(tensor.isfinite().all()) for tensor in present.values()):
        run.keep_weights(state, run.last)
        return
    newest = list_checkpoints(run.checkpoints)[-1]
    tensors, _ = read(newest)
    save_tensors(part(tensors, "average") or part(tensors, "model"), run.last, {"format": "pt"})
