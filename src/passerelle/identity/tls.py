"""The TLS certificate of a node's partner interface: self-signed, pinned by its SHA-256 in the identity file.

TLS hides metadata on the wire; security never rests on it, so the certificate has no authority and a long life.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from passerelle.core.errors import KeyFileError


def make_certificate(name: str) -> tuple[bytes, bytes]:
    """A private key and a certificate for a node, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key, serialization.NoEncryption()), certificate.public_bytes(serialization.Encoding.PEM)


def _pem(key: Any, encryption: serialization.KeySerializationEncryption) -> bytes:
    made: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return made


def is_sealed(private: bytes) -> bool:
    """Whether a PEM key needs a password."""
    return b"ENCRYPTED" in private.partition(b"\n")[0]


def sealed(private: bytes, password: str | None) -> bytes:
    """A PEM key under a password (PBES2), as TLS libraries read it; without one, or sealed already, as it is."""
    if password is None or is_sealed(private):
        return private
    key = serialization.load_pem_private_key(private, None)
    return _pem(key, serialization.BestAvailableEncryption(password.encode()))


def clear(private: bytes, password: str | None) -> bytes:
    """A PEM key without its password. Raises KeyFileError for a wrong one."""
    if not is_sealed(private):
        return private
    try:
        key = serialization.load_pem_private_key(private, (password or "").encode())
    except (ValueError, TypeError):
        raise KeyFileError("expected a TLS key sealed by this vault, got another or a damaged one") from None
    return _pem(key, serialization.NoEncryption())


def pin_of(certificate: bytes) -> str:
    """SHA-256 of the DER form of a PEM certificate, 64 hex digits."""
    der = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).hexdigest()
