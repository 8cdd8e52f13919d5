"""The names JSON uses for what Python calls snake_case."""

from pydantic.alias_generators import to_camel


def json_name(name: str) -> str:
    """Write `customer_id` as `customerId`; an underscore that only dodges a Python name (`metadata_`) is dropped.

    What is no Python name, such as a header's, stays as it is.
    """
    if not name.isidentifier():
        return name
    return to_camel("_".join(part for part in name.split("_") if part))
