"""Names of migrations: the UTC date, a four-digit counter and a slug; the date comes in, nothing reads a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from arckode_gen.engine.project import Snapshot


def next_stamp(snapshot: Snapshot, migrations: str, today: dt.date) -> str:
    """Return the twelve digits that sort after every migration in the folder, such as `202611220001`."""
    existing = [path.rpartition("/")[2][:12] for path in snapshot.glob(f"{migrations}/[0-9]*.*")]
    last = max((stamp for stamp in existing if len(stamp) == 12 and stamp.isdecimal()), default="")
    first_of_today = f"{today:%Y%m%d}0001"
    return first_of_today if last < first_of_today else str(int(last) + 1)
