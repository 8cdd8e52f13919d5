"""The names JSON uses for what Python calls snake_case."""

from pydantic.alias_generators import to_camel


def json_name(name: str) -> str:
    """Write `customer_id` as `customerId`, and `metadata_`, which only dodges a Python name, as `metadata`."""
    return to_camel(name.strip("_"))
