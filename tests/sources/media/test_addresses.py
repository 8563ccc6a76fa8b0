"""Which addresses may be asked for a photo: by form, by number, by name."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from trendlab.errors import AddressRefused
from trendlab.sources.media import Reach, check_url, host_of, refusal_of, resolve_host

REFUSED = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "this network",
    "10.1.2.3": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.1.1": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "reserved",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    # metadata services of clouds; the last two lie in no special range
    "169.254.169.254": "metadata service",
    "169.254.170.2": "metadata service",
    "100.100.100.200": "metadata service",
    "192.0.0.192": "metadata service",
    "fd00:ec2::254": "metadata service",
    "::ffff:169.254.169.254": "metadata service",
    "fd20:ce::254": "metadata service",
    "168.63.129.16": "metadata service",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "::ffff:0:10.0.0.1": "IPv4-translated",
    "::127.0.0.1": "IPv4-compatible",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::10.0.0.1": "NAT64",
    "2001::1": "Teredo",
    "2001:2::1": "reserved",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "2002:7f00:1::": "6to4",
    "100::1": "discard",
    "5f00::1": "segment routing",
    "fc00::1": "private",
    "fd12:3456::1": "private",
    "fe80::1": "link-local",
    "fe80::1%1": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "4000::1": "reserved",
}
PUBLIC = (
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a03:2880:f12d:83:face:b00c:0:25de",
)
OWN = Reach(networks=(ip_network("127.0.0.0/8"), ip_network("169.254.0.0/16")))


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_by_its_kind(address):
    assert refusal_of(ip_address(address)) == REFUSED[address]
    with pytest.raises(AddressRefused, match=f"^address refused: {REFUSED[address]}$"):
        Reach().check([ip_address(address)])


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address):
    assert refusal_of(ip_address(address)) is None
    Reach().check([ip_address(address)])


def test_one_bad_address_among_good_ones_refuses_the_host():
    with pytest.raises(AddressRefused, match="private"):
        Reach().check([ip_address("1.1.1.1"), ip_address("10.0.0.1")])


def test_a_network_of_ones_own_can_be_let_through_but_no_metadata_service():
    OWN.check([ip_address("127.0.0.1"), ip_address("169.254.1.1")])
    with pytest.raises(AddressRefused, match="private"):
        OWN.check([ip_address("192.168.1.1")])
    with pytest.raises(AddressRefused, match="IPv4-mapped"):
        OWN.check([ip_address("::ffff:127.0.0.1")])
    with pytest.raises(AddressRefused, match="metadata service"):
        OWN.check([ip_address("169.254.169.254")])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0",
        "localhost",
    ],
)
def test_a_strange_form_is_refused_as_what_it_resolves_to(host):
    # no name server is asked for these: the system's resolver reads them as numbers
    with pytest.raises(AddressRefused, match=r"loopback|unspecified"):
        Reach().check(resolve_host(host, 80))


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_what_cannot_be_a_host_is_refused_before_a_name_server_is_asked(host):
    with pytest.raises(AddressRefused, match="host name cannot be read"):
        resolve_host(host, 80)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://photos.example/a.jpg", "not http or https"),
        ("file:///etc/passwd", "not http or https"),
        ("gopher://photos.example/", "not http or https"),
        ("data:image/png;base64,AAAA", "not http or https"),
        ("javascript:alert(1)", "not http or https"),
        ("//photos.example/a.jpg", "not http or https"),
        ("photos.example/a.jpg", "not http or https"),
        ("", "not http or https"),
        ("http://", "without a host"),
        ("http:///a.jpg", "without a host"),
        ("https://ana:secret@photos.example/a.jpg", "user or password"),
        ("https://photos.example@127.0.0.1/", "user or password"),
        ("http://photos.example:22/a.jpg", "another port"),
        ("http://photos.example:0/a.jpg", "another port"),
        ("http://photos.example:65536/", "another port"),
        ("http://photos.example:x/", "cannot be read"),
        ("http://0177.0.0.1/", "cannot be read"),
        ("http://999.1.1.1/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://photos.example\\@127.0.0.1/", "blanks or control"),
        ("http://photos.example/a\r\nHost: b", "blanks or control"),
        ("http://photos.example/a b", "blanks or control"),
        ("http://photos.example/\x00", "blanks or control"),
        ("http://photos.example/" + "a" * 4096, "over 4,096 characters"),
    ],
)
def test_an_address_of_another_form_is_refused_and_not_quoted(url, reason):
    with pytest.raises(AddressRefused, match=reason) as refused:
        check_url(url, Reach())
    assert "secret" not in str(refused.value)
    assert "example" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.example/a.jpg",
        "https://photos.example:443/a.jpg?oh=1&oe=2",
        "HTTPS://PHOTOS.EXAMPLE:80/",
        "https://mode.straße.example/ü.jpg",
        "https://[2606:4700::1111]/a.jpg",
    ],
)
def test_an_ordinary_address_is_let_through(url):
    assert check_url(url, Reach()).scheme in ("http", "https")


def test_the_host_of_an_address_is_named_for_its_turn():
    assert host_of("https://Photos.Example:443/a.jpg?token=1") == "photos.example"
    assert host_of("http://[::1/") == ""


@pytest.mark.parametrize("url", ["https://xn--a/x.jpg", "https://xn--ls8h.la/x"])
def test_a_name_that_is_no_punycode_is_a_name_all_the_same(url):
    assert host_of(url) == url.split("/")[2]


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
    ],
)
def test_no_setting_lets_a_metadata_service_through_in_another_form(address):
    every = Reach(networks=(ip_network("::/0"),))
    with pytest.raises(AddressRefused, match="metadata service"):
        every.check([ip_address(address)])
