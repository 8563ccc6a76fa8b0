"""Which addresses may be asked for a photo, and why the others may not.

An address in a post is written by a stranger and asked from inside our network: it
must not reach our own services (server-side request forgery). What decides is the
numeric address that is dialled, never how it was written, so `0x7f.1`, `2130706433`
and a name that resolves to 127.0.0.1 are all refused as what they resolve to.

References
----------
IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates);
OWASP Server-Side Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)

import httpx

from trendlab.errors import AddressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Signed addresses of content networks have about 1,000 characters.
MAX_URL_CHARACTERS = 4096
DEFAULT_PORTS = frozenset({80, 443})
_PORT_OF = {"http": 80, "https": 443}

# Where clouds tell a machine its own credentials. Two of them lie in no special
# range, so nothing else would refuse them; no setting lets these through.
_METADATA = tuple(
    ip_network(one)
    for one in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # containers of Amazon ECS
        "169.254.170.23",  # pods of Amazon EKS
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure
    )
)

# By network, the narrower ones first: the first that holds an address names it.
_SPECIAL: tuple[tuple[str, Network], ...] = tuple(
    (kind, ip_network(network))
    for kind, network in (
        ("unspecified", "0.0.0.0/32"),
        ("this network", "0.0.0.0/8"),
        ("private", "10.0.0.0/8"),
        ("carrier-grade NAT", "100.64.0.0/10"),
        ("loopback", "127.0.0.0/8"),
        ("link-local", "169.254.0.0/16"),
        ("private", "172.16.0.0/12"),
        ("reserved", "192.0.0.0/24"),
        ("documentation", "192.0.2.0/24"),
        ("6to4", "192.88.99.0/24"),
        ("private", "192.168.0.0/16"),
        ("benchmarking", "198.18.0.0/15"),
        ("documentation", "198.51.100.0/24"),
        ("documentation", "203.0.113.0/24"),
        ("multicast", "224.0.0.0/4"),
        ("broadcast", "255.255.255.255/32"),
        ("reserved", "240.0.0.0/4"),
        ("unspecified", "::/128"),
        ("loopback", "::1/128"),
        # forms that carry an IPv4 address: a second way to every address above
        ("IPv4-mapped", "::ffff:0:0/96"),
        ("IPv4-translated", "::ffff:0:0:0/96"),
        ("IPv4-compatible", "::/96"),
        ("NAT64", "64:ff9b::/96"),
        ("NAT64", "64:ff9b:1::/48"),
        ("Teredo", "2001::/32"),
        ("6to4", "2002::/16"),
        ("reserved", "2001::/23"),
        ("documentation", "2001:db8::/32"),
        ("documentation", "3fff::/20"),
        ("discard", "100::/64"),
        ("segment routing", "5f00::/16"),
        ("private", "fc00::/7"),
        ("link-local", "fe80::/10"),
        ("private", "fec0::/10"),
        ("multicast", "ff00::/8"),
    )
)
# Of these, the ones whose last 32 bits are the IPv4 address.
_WITH_IPV4_LAST = tuple(
    network
    for kind, network in _SPECIAL
    if kind in ("IPv4-mapped", "IPv4-translated", "IPv4-compatible", "NAT64")
)
# All that is handed out for use in public lies here.
_PUBLIC_IPV6 = IPv6Network("2000::/3")


@dataclass(frozen=True)
class Reach:
    """Where photos may be fetched from.

    Parameters
    ----------
    ports : frozenset of int
    networks : tuple of networks
        Networks that are not public and may be asked all the same, such as that of
        an image server of one's own. Addresses of metadata services stay refused.
    """

    ports: frozenset[int] = DEFAULT_PORTS
    networks: tuple[Network, ...] = ()

    def check(self, addresses: list[Address]) -> None:
        """Pass if every address that a host has may be asked.

        Raises
        ------
        AddressRefused
            If one of them may not: a host with a public and a private address is an
            attack, or a mistake, but no place for photos.
        """
        for address in addresses:
            kind = refusal_of(address)
            is_own = any(
                address.version == one.version and address in one
                for one in self.networks
            )
            if kind is not None and (kind == "metadata service" or not is_own):
                raise AddressRefused(f"address refused: {kind}")


def refusal_of(address: Address) -> str | None:
    """Return what makes an address one that must not be asked; None for a public one.

    Examples
    --------
    >>> from ipaddress import ip_address
    >>> refusal_of(ip_address("::ffff:10.0.0.1"))
    'IPv4-mapped'
    """
    for one in (address, *_embedded(address)):
        if any(_holds(network, one) for network in _METADATA):
            return "metadata service"
    for kind, network in _SPECIAL:
        if _holds(network, address):
            return kind
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return "reserved"
    # what Python knows of that the table does not
    return None if address.is_global and not address.is_multicast else "not public"


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address may stand for.

    The last 32 bits of a mapped, translated, compatible or NAT64 address, the second
    to sixth byte of 6to4, and both ends of Teredo.
    """
    if not isinstance(address, IPv6Address):
        return
    if any(_holds(network, address) for network in _WITH_IPV4_LAST):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _holds(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network


def check_url(url: str | httpx.URL, reach: Reach) -> httpx.URL:
    """Return an address ready to be asked, if its form lets it.

    The returned object is what is dialled and sent: nothing parses the text a second
    time, in which another host might be read out of it.

    Raises
    ------
    AddressRefused
        With a short reason, fit for grouping, that quotes nothing of the address.
    """
    written = str(url)
    if len(written) > MAX_URL_CHARACTERS:
        raise AddressRefused(f"address over {MAX_URL_CHARACTERS:,} characters")
    if "\\" in written or any(c.isspace() or not c.isprintable() for c in written):
        raise AddressRefused("address with blanks or control characters")
    try:
        parsed = httpx.URL(written)
        port = parsed.port if parsed.port is not None else _PORT_OF.get(parsed.scheme)
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused("address cannot be read") from None
    if parsed.scheme not in _PORT_OF:
        raise AddressRefused("address is not http or https")
    if parsed.userinfo:
        raise AddressRefused("address with a user or password")
    if not parsed.raw_host:
        raise AddressRefused("address without a host")
    if port not in reach.ports:
        raise AddressRefused("address with another port")
    return parsed


def host_of(url: str) -> str:
    """Return the host that an address names; "" where it names none."""
    try:
        # the decoded name would fail on an `xn--` that is no Punycode
        return httpx.URL(url).raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        return ""
