"""Certificates of the tests' own, made by the program `openssl`."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    file: Path
    key: Path


class Authority:
    """One that vouches for others; made in `directory`, which is its own."""

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self.file = directory / "ca.crt"
        self._key = directory / "ca.key"
        _openssl(
            *("req", "-x509", *_KEY, "-keyout", self._key, "-out", self.file, "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        )

    def issue(self, name: str, host: str, *, days: int = 2) -> Certificate:
        """A certificate for `host`, which ends in so many days, or has ended."""
        made = Certificate(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        request = self._directory / f"{name}.csr"
        more = self._directory / f"{name}.ext"
        more.write_text(f"subjectAltName={host}\nextendedKeyUsage=serverAuth\n")
        _openssl("req", *_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}")
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key),
            *("-CAcreateserial", "-days", str(days), "-extfile", more, "-out", made.file),
        )
        return made


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
