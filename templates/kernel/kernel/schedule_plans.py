"""When a scheduled job is due: at fixed intervals, or as cron says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from .errors import WiringError

Missed = Literal["once", "all", "skip"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 1000


class Plan(Protocol):
    """Answers moments; the same for every process, and whenever it was started."""

    @property
    def text(self) -> str: ...

    def after(self, moment: datetime) -> datetime:
        """Answer the first one that comes later."""
        ...

    def until(self, moment: datetime) -> datetime:
        """Answer the last one that came, the moment itself included."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """At each multiple of an interval since 1970, so that a restart does not begin to count anew."""

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval < timedelta(seconds=1):
            raise WiringError("a scheduled job is due once a second at most")

    @property
    def text(self) -> str:
        return f"every {self.interval.total_seconds():g} s"

    def after(self, moment: datetime) -> datetime:
        return self.until(moment) + self.interval

    def until(self, moment: datetime) -> datetime:
        return _EPOCH + (moment - _EPOCH) // self.interval * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """As Debian's cron in some zone: what a change of clocks leaves out runs right after, and nothing runs twice."""

    expression: str
    zone: str

    def __post_init__(self) -> None:
        try:
            self.after(_EPOCH)
        except CronSimError as error:
            message = f"'{self.expression}' is no cron expression: {str(error).lower()}"
            raise WiringError(f"{message}; write minute, hour, day, month, weekday, such as '0 3 * * *'") from error
        except StopIteration:
            raise WiringError(f"'{self.expression}' is never due") from None
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise WiringError(f"there is no time zone '{self.zone}'; write it like Europe/Madrid") from error

    @property
    def text(self) -> str:
        return f"{self.expression} {self.zone}"

    def after(self, moment: datetime) -> datetime:
        coming = CronSim(self.expression, moment.astimezone(ZoneInfo(self.zone)))
        return next(at for each in coming if (at := each.astimezone(UTC)) > moment)  # an hour may come twice

    def until(self, moment: datetime) -> datetime:
        above = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        gone = CronSim(self.expression, above.astimezone(ZoneInfo(self.zone)), reverse=True)
        return next(at for each in gone if (at := each.astimezone(UTC)) <= moment)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job with its plan, and what is to happen when it was due while no worker ran.

    `once` runs it once however often it was due, `all` each time, `skip` only when it was due less than a minute ago.
    """

    name: str
    plan: Plan
    jitter: float
    missed: Missed

    def due(self, first: datetime, now: datetime) -> list[datetime]:
        """Answer the moments to run it for, of all that have come since `first` was due."""
        if self.missed == "all":
            return list(islice(self._moments(first, now), _MOST))
        last = max(first, self.plan.until(now))
        return [] if self.missed == "skip" and now - last >= timedelta(minutes=1) else [last]

    def _moments(self, moment: datetime, now: datetime) -> Iterator[datetime]:
        while moment <= now:
            yield moment
            moment = self.plan.after(moment)
