"""Addresses that others may make us call: never one inside our own network (server-side request forgery)."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from .errors import UnavailableError, ValidationError

_PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the address that is really called


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, resolved once: asked twice, a name server may answer something else (DNS rebinding)."""

    url: str
    host: str
    server: str


def checked_url(url: str, *, private: bool) -> SplitResult:
    """Answer the parts of an address that somebody else gave.

    Raises ValidationError for one that is none, is not https, holds a password, or names a private address; `private`
    allows http and the latter.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or port == 0 or parts.fragment:
        raise ValidationError("This is not an address that can be called.", fields={"url": "is not an https address"})
    if not private and parts.scheme != "https":
        raise ValidationError("The address is not secure.", fields={"url": "must begin with https://"})
    literal = _literal(parts.hostname)
    if not private and literal is not None and not is_outside(literal):
        raise ValidationError("The address is a private one.", fields={"url": "must be a public address"})
    return parts


async def resolved(url: str, *, private: bool) -> Target:
    """Look an address up.

    Raises ValidationError as `checked_url` and for a name that leads inside, UnavailableError for one nobody knows.
    """
    parts = checked_url(url, private=private)
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnavailableError(f"{host} is not known") from error
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not (private or all(map(is_outside, addresses))):
        raise ValidationError("The address is a private one.", fields={"url": "must be a public address"})
    number = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
    path = parts._replace(netloc=f"{number}:{port}").geturl()
    return Target(path, host if parts.port is None else f"{host}:{parts.port}", host)


def is_outside(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is of the public internet, also when it is an IPv4 one in the clothes of IPv6."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_outside(inner)
    return address.is_global and not address.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
