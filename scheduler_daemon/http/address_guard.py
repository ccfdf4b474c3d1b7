"""Which addresses a call to a URL that somebody entered may reach: public ones, and what the settings allow.

The rules are the special-purpose registries of IANA (RFC 6890 and what followed). An IPv6 address that stands for an
IPv4 address (mapped, NAT64, 6to4) is judged as that one.
"""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from shared.errors import SchedulerError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT; metadata service of Alibaba Cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # metadata service of Azure, a public address by its number only
        "169.254.0.0/16",  # link-local; metadata services of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata service of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, with Teredo
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Outside of it no IPv6 address is public: loopback, link-local, unique local, multicast ..."""
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFF_FFFF

REFUSED = "its address is not public; if it is meant, add its network to the setting HTTP_ALLOWED_NETWORKS"


class AddressRefused(PermissionError, SchedulerError):
    """The server's address is not public, and HTTP_ALLOWED_NETWORKS does not allow it."""

    def __init__(self) -> None:
        # Without the address: if each address of a host is refused, the client sees one and the same fault.
        super().__init__(errno.EPERM, REFUSED)


class AddressGuard:
    """Opens sockets for the client, so that it sees the very address that is connected to, however it was written."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        """allowed: networks that may be called although they are not public."""
        self._allowed = tuple(allowed)

    def refuses(self, address: str) -> bool:
        """Whether the address may not be called. What is no address is refused, too."""
        try:
            given = ip_address(address)
        except ValueError:
            return True
        meant = _embedded(given) or given
        if any(each in network for network in self._allowed for each in (given, meant)):
            return False
        return not _is_public(meant)

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """For aiohttp's socket_factory: a socket for one result of getaddrinfo; AddressRefused."""
        family, kind, protocol, _, where = address
        if self.refuses(str(where[0])):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
