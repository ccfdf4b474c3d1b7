"""What the values of settings must look like, and what is said if they do not."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from shared.collections import OWN_COLLECTIONS, SECRET_COLLECTIONS


def _is_mongodb_uri(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("write mongodb://host:port/?replicaSet=name")
    return value


def _is_collection_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,119}", name) is None or name.startswith("system."):
        raise ValueError('write names of collections as a JSON list: ["orders", "sessions"]')
    return name


def _is_foreign(name: str) -> str:
    if name in OWN_COLLECTIONS:
        raise ValueError("a collection of the scheduler itself is never cleaned up like this; take it off the list")
    return name


def _holds_no_secrets(name: str) -> str:
    if name in SECRET_COLLECTIONS:
        raise ValueError(f"{name} holds secrets and is never exported; take it off the list")
    return name


def _is_absolute_folder(path: Path) -> Path:
    if not path.is_absolute() or ".." in path.parts or path == Path("/"):
        raise ValueError('write the absolute path of a folder, without "..", and not "/"')
    return path


CollectionName = Annotated[str, AfterValidator(_is_collection_name)]
ForeignCollection = Annotated[CollectionName, AfterValidator(_is_foreign)]
ExportableCollection = Annotated[CollectionName, AfterValidator(_holds_no_secrets)]
Folder = Annotated[Path, AfterValidator(_is_absolute_folder)]


def _is_web_root(text: str) -> str:
    """Without a slash at the end, so that a path can follow."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in text:
        raise ValueError("write an address such as https://notify.example.com")
    return text.rstrip("/")


def _is_listening_address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("write an address and a port, such as 127.0.0.1:9464 or [::1]:9464")
    return text


MongodbUri = Annotated[SecretStr, AfterValidator(_is_mongodb_uri)]
WebRoot = Annotated[str, AfterValidator(_is_web_root)]
ListeningAddress = Annotated[str, AfterValidator(_is_listening_address)]


def _is_origin(text: str) -> str:
    """As browsers write it in the header Origin."""
    parts = urlsplit(_is_web_root(text))
    if f"{parts.scheme}://{parts.netloc}" != text.lower():
        raise ValueError("write an origin such as https://crm.example.com: in lower case, and without a path")
    return text


Origin = Annotated[str, AfterValidator(_is_origin)]
