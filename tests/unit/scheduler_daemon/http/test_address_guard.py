"""Which addresses a call may reach."""

import socket
from ipaddress import ip_network

import pytest

from scheduler_daemon.http.address_guard import AddressGuard, AddressRefused

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1")
NOT_PUBLIC = (
    "0.0.0.0",  # noqa: S104 - an address that must be refused
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "5f00::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert not AddressGuard().refuses(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_is_refused(address: str) -> None:
    assert AddressGuard().refuses(address)


def test_what_is_no_address_is_refused() -> None:
    assert AddressGuard().refuses("internal.example")


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_an_allowed_network_may_be_called_in_every_form_of_its_addresses(address: str) -> None:
    guard = AddressGuard([ip_network("10.1.0.0/16")])
    assert not guard.refuses(address)
    assert guard.refuses("10.2.0.1")


def test_the_socket_is_refused_before_it_is_opened() -> None:
    where = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))
    with pytest.raises(AddressRefused, match="HTTP_ALLOWED_NETWORKS"):
        AddressGuard().open_socket(where)
    AddressGuard([ip_network("127.0.0.0/8")]).open_socket(where).close()
