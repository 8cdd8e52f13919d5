"""What is sent to PostgreSQL to append events; that they come back as they were is asked of every event store."""

from dataclasses import replace
from datetime import UTC, datetime

from kernel.clock import FixedClock
from kernel.event_append import postgresql_words
from kernel.event_values import StreamState
from kernel.events import Event, new_event

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def events(count: int) -> list[Event]:
    made = [
        new_event("users.created", key="k", source="test", data={"n": n}, clock=FixedClock(NOW)) for n in range(count)
    ]
    return [replace(each, correlation_id="c") for each in made]


def sent_once(given: list[Event]) -> list[object]:
    """Answer what is sent as one value for all events."""
    common, words = postgresql_words("users-1", given, expected=StreamState.ANY, now=NOW)
    return [word for word, is_common in zip(words[-len(common) :], common, strict=True) if is_common]


def test_what_all_events_have_in_common_is_sent_once() -> None:
    assert sent_once(events(100)) == ["users.created", 1, "k", "c", None, "test", "{}", NOW]


def test_what_one_event_has_of_its_own_is_sent_for_each() -> None:
    last = replace(events(1)[0], type="users.renamed", causation_id="d", metadata={"user": "u"})
    assert sent_once([*events(99), last]) == [1, "k", "c", "test", NOW]
