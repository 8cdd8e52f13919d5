"""A text from an address, fetched because somebody named the address on the command line."""

from __future__ import annotations

from arckode_gen.errors import OperationError

SECONDS = 30
LARGEST = 200_000_000


def is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def download(address: str, *, seconds: float = SECONDS) -> str:
    """Return the text at an address.

    Raises:
        OperationError: it does not answer in time, answers with an error, or with no text.
    """
    import http.client  # only who names an address pays for the network
    import urllib.error
    import urllib.request

    headers = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.5", "User-Agent": "arckode"}
    try:
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  it starts with http, see is_address
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            content: bytes = response.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise OperationError(f"{address} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OperationError(f"{address} cannot be read: {reason}", "is the server running?") from error
    if len(content) > LARGEST:
        raise OperationError(f"{address} is longer than {LARGEST // 1_000_000} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OperationError(f"{address} is not a text in UTF-8") from error
