"""The names JSON uses for what Python calls snake_case."""


def json_name(name: str) -> str:
    """Write `customer_id` as `customerId` and `metadata_`, which only dodges a Python name, as `metadata`."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
