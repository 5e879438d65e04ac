"""Detached OpenPGP signatures as gpg makes them, and every kind of bad one. The keys are for tests and nowhere else:
the stand-in for the pinned key is in tests/fakes/signing-key.c."""

import base64
import hashlib

E = 65537
HASHES = {2: ("sha1", "3021300906052b0e03021a05000414"), 8: ("sha256", "3031300d060960864801650304020105000420"),
          9: ("sha384", "3041300d060960864801650304020205000430"), 10: ("sha512", "3051300d060960864801650304020305000440")}


class Key:
    def __init__(self, created, modulus, exponent):
        self.created, self.modulus, self.exponent = created, modulus, exponent

    @property
    def packet(self):
        body = b"\x04" + self.created.to_bytes(4, "big") + b"\x01" + mpi(self.modulus) + mpi(E)
        return b"\x99" + len(body).to_bytes(2, "big") + body

    @property
    def fingerprint(self):
        return hashlib.sha1(self.packet).digest()


def mpi(number):
    return number.bit_length().to_bytes(2, "big") + number.to_bytes((number.bit_length() + 7) // 8, "big")


def subpacket(kind, data):
    return bytes([len(data) + 1, kind]) + data


def crc24(data):
    crc = 0xb704ce
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864cfb if crc & 0x800000 else 0)
    return (crc & 0xffffff).to_bytes(3, "big")


def armor(packets, crc=True):
    text = base64.b64encode(packets).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    check = [f"={base64.b64encode(crc24(packets)).decode()}"] if crc else []
    return "\n".join(["-----BEGIN PGP SIGNATURE-----", "", *lines, *check, "-----END PGP SIGNATURE-----", ""]).encode()


def sign(key, data, number=8, version=4, kind=0, algorithm=1, when=1700000000, fingerprint=True, hashed=b""):
    """The packet. Without fingerprint it is as gpg 2.0 made them: the issuer's id alone, and not hashed."""
    fields = subpacket(33, b"\x04" + key.fingerprint) if fingerprint else b""
    fields += subpacket(2, when.to_bytes(4, "big")) + hashed
    signed = bytes([version, kind, algorithm, number]) + len(fields).to_bytes(2, "big") + fields
    name, prefix = HASHES[number]
    digest = hashlib.new(name)
    for piece in (data,) if isinstance(data, bytes) else data:
        digest.update(piece)
    digest.update(signed + bytes([version, 0xff]) + len(signed).to_bytes(4, "big"))
    digest = digest.digest()
    size = (key.modulus.bit_length() + 7) // 8
    info = bytes.fromhex(prefix) + digest
    padded = int.from_bytes(b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info, "big")
    unhashed = subpacket(16, key.fingerprint[-8:])
    body = signed + len(unhashed).to_bytes(2, "big") + unhashed + digest[:2] + mpi(pow(padded, key.exponent, key.modulus))
    return b"\x89" + len(body).to_bytes(2, "big") + body


def detached(data, key=None, **more):
    """An .asc file of bytes, or of pieces of them."""
    return armor(sign(key or OURS, data, **more))


OURS = Key(1795324283, int(
    "a728696eff8145a16fa439a05a2c4c29b8f1e1098d929980fc62b55e98712f9b696298c8418e13d6a67dd5ce346cbf2c1e5b"
    "552c43904f47f45c06de4d74063e72de8ad03f15f3f54912e3b98b2b675946a43a4f07c9f77dce8d96d45c1d18bf5694afa7"
    "5fc8f3a64eccadb8fc3edb2c64f9fac11f9a04630f57374458cbf17804646a3dfde97eee8a5da1d39ef9c60ca899aa64a93c"
    "5a9b8dc8a88e85de16b6eb2667427bb758ff4d31178aa7779e8188aba0af151aacc97ed6efb3367cb66de6f19cecf8b46931"
    "23498e5dc3006ebcf3ff8700dff99ba08c909d7f07fc8f26c314ebd80ac352a3f8945811c6966d92065e607b710edfc36d0f"
    "14b4908f42bb", 16), int(
    "503b88f3d2a6d965a5e10519eefe41266b9389c8dc8fa7a76e3cf0c231586e99e169065d647dce0ee30616382e189e600e48"
    "1767321cd3b8fd54a8a54e36e902537f76d082df46240f49864d9a3ba0950cdfa9ef2215727a0bc91142e7ddbd71a59ca37d"
    "2a701966d37ed1c9af257a6ce220cc97a2d3f9d4145a6ff819c8f622b6b3dc15df08782cc77f4d406069f9fb8aaf66229d62"
    "bc2e30311483ffd2539da806b312333939cafdca699cc1de0778e6b054631cd5d77d9fcb7f4769c42cd89d3af2393b3de940"
    "78f5e78c8b88e8dc00988f0492e37d53b76ea59d113a8fd0081e59f4e0b28b6132410056ffeee2b5dbce755b87c5032a8db7"
    "06e1039f6fad", 16))
STRANGER = Key(1795324283, int(
    "ba5a7972a3b70146d7af38e4ce72a7e58f5ab42f10d8d6704ceedcba3bbd7f29fa8863360e6c418d03abe7b8c147a4b916cf"
    "72685a97bfff682bbdef60d3082ef5d99ed4ad9f3c4f0c57a9ba45d33de1b74b7ac61b43afa080cd02782fea8c659f09f11d"
    "b9957e22339256b3a0a9011c3c1d9652539dd99aa5939dd863eb6fdae848e08736838757edde7f8f493c84bfeeafc993472d"
    "ef69daabcdde148503784e44a91bbadeaf25d648f5a99cb79a19823b6052b4aa89b4fd57e41f2532b6b3c033715c6b76ca4a"
    "fbec6f4fb802b919678bc2f395fba3e3d918debbd5433da71dbd3148a3b2b43a906d2371fb475c064cf5a91c2c1130115d8d"
    "1f95311f4d13", 16), int(
    "51b34dd08d6733e797b30a1a024af1422b35e48e47f0111fbe12f0f1b33452b69850c852504374ffba6ed9123ea6c6d8a0e0"
    "05342c17a0c4fcaa44c4d8a9dcca1dde318ce3abced8873c3dbcdd550e29d1df052e2a90e3c45603cb83deda11809217dd3e"
    "9f79238a221b13e8ffd46898b4e071e1992838d95ca359ce1f8c7e8676b7b3edfced38d2b254bf87a9f91973cbaa83361fd7"
    "0a04a51208c9d20ad5836ae506aa39a7ecbf9d6ca917b52219aa311c3a7c9c3295200f5acbb4dde8c2905fd4f897e425a604"
    "9cd0bb765c11541348f2031ab425c872dad7e4d94b03935941742ce822f564d8e225bbe469312bb9b4e8ccdfc78e262e3886"
    "3e8be7116111", 16))
