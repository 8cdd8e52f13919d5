"""What every step of the demonstration shares: where it happens, who is told, and what was done so far."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from arckode_gen.shell.demo_run import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from arckode_gen.shell.demo_http import Exchange
    from arckode_gen.shell.demo_run import Step, Workshop
    from arckode_gen.shell.demo_transcript import Transcript


@dataclass(frozen=True, slots=True)
class Stage:
    """A demonstration that is going on; `steps` and `requests` grow."""

    shop: Path
    transcript: Transcript
    started: float = field(default_factory=time.perf_counter)
    steps: list[Done] = field(default_factory=list)
    requests: list[Exchange] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def do(self, workshop: Workshop, step: Step, folder: Path | None = None) -> None:
        """Run a command to its end.

        Raises:
            StepFailedError: it ended with another code than 0.
        """
        self.play(step, lambda: workshop.run(step, folder or self.shop))

    def play(self, step: Step, act: Callable[[], str]) -> None:
        """Show a step, do it, and tell what `act` says about it and how long it took."""
        before = time.perf_counter()
        with self.transcript.step(step):
            summary = act()
        done = Done(step, summary, time.perf_counter() - before)
        self.steps.append(done)
        self.transcript.done(done)

    def heard(self, exchange: Exchange) -> None:
        self.requests.append(exchange)
        self.transcript.exchange(exchange)

    def document(self, urls: Mapping[str, str], directory: str) -> dict[str, object]:
        """Return everything that was done, for programs."""
        return {
            "version": 1,
            "directory": directory,
            "steps": [
                {
                    "title": done.step.title,
                    "command": done.step.command,
                    "summary": done.summary,
                    "seconds": round(done.seconds, 3),
                }
                for done in self.steps
            ],
            "requests": [asdict(exchange) for exchange in self.requests],
            "urls": dict(urls),
            "seconds": round(self.seconds, 3),
        }
