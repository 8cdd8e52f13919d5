"""Primary keys that sort by the time they were made, which keeps B-tree inserts at the end of the index."""

import sys
from uuid import UUID

if sys.version_info >= (3, 14):
    from uuid import uuid7
else:
    from uuid_utils.compat import uuid7

__all__ = ["new_id"]


def new_id() -> UUID:
    """Make a version 7 identifier (RFC 9562)."""
    return uuid7()
