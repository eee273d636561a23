"""Rows from JSON: a list, one object per line, or the table that Log Analytics answers with.

Records of diagnostic settings hold their columns in `properties`, as an object or as text. Keys
that hold prompts, answers or addresses are dropped while the text is parsed.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pertoken.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.telemetry.sources import Source

NEVER_READ = frozenset({
    "messages", "prompt", "prompts", "response", "responses", "completion", "completions",
    "requestmessages", "responsemessages", "body", "requestbody", "responsebody",
    "requester_ip_address", "calleripaddress", "calleripaddresses", "clientip", "client_ip",
    "proxy_server_request", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt",
    "gen_ai.completion", "client.address",
})  # fmt: skip
"""Keys whose values never leave the parser, in lower case."""


def parsed_json(path: str) -> Any:  # noqa: ANN401 - JSON holds anything
    """The content of a JSON file, plain or gzip; a list of records where it holds one per line.

    Raises: SourceError, when it is no JSON.
    """
    content = Path(path).read_bytes()
    try:
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, OSError, zlib.error) as error:
        raise SourceError(
            f"{path} cannot be read: {error}.",
            "Expected a whole gzip file.",
            "Fetch the telemetry again, or leave the file out.",
        ) from error
    try:
        return json.loads(text, object_pairs_hook=without_bodies)
    except ValueError as whole:
        try:
            return [
                json.loads(line, object_pairs_hook=without_bodies)
                for line in text.splitlines()
                if line.strip()
            ]
        except ValueError:
            raise SourceError(
                f"{path} cannot be read: {whole}.",
                "Expected JSON in UTF-8, whole or one object per line.",
                "Fetch the telemetry again, or leave the file out.",
            ) from whole


def without_bodies(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without the keys that are never read.

    >>> without_bodies([("prompt", "secret"), ("prompt_tokens", 7)])
    {'prompt_tokens': 7}
    """
    return {key: value for key, value in pairs if key.casefold() not in NEVER_READ}


def json_rows(path: str, source: Source) -> Iterator[dict[str, object]]:
    """The readings of a JSON file of a tabular kind.

    Raises: SourceError for what is no JSON, or a result that says it is not whole.
    """
    content = parsed_json(path)
    if isinstance(content, dict) and isinstance(content.get("error"), dict):
        code = content["error"].get("code") or "an error"
        raise SourceError(
            f"{path} holds only a part of its result: Log Analytics answered with {code}.",
            "Expected a whole result; what lacks a part is not counted.",
            "Fetch the telemetry again in smaller windows.",
        )
    for record in _records(content):
        flat = _flattened(record)
        row: dict[str, object] = {}
        for column, names in source.names(flat).items():
            row[column] = next((flat[n] for n in names if flat[n] not in (None, "")), None)
        yield _as_litellm(row) if source.name == "LiteLLM" else row


def _records(content: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON holds anything
    if isinstance(content, dict) and isinstance(content.get("tables"), list):
        for table in content["tables"]:
            names = [column["name"] for column in table["columns"]]
            for row in table["rows"]:
                yield without_bodies(list(zip(names, row, strict=False)))
    elif isinstance(content, dict):
        held = next((content[key] for key in ("records", "data", "rows") if key in content), None)
        yield from _records(held) if isinstance(held, list) else iter([content])
    else:
        yield from (record for record in content if isinstance(record, dict))


def _flattened(record: dict[str, Any]) -> dict[str, Any]:
    """A record with what stands in `properties` and in the usage of its metadata beside it."""
    flat = dict(record)
    for key in ("properties", "metadata"):
        inner = record.get(key)
        if isinstance(inner, str):
            try:
                inner = json.loads(inner, object_pairs_hook=without_bodies)
            except ValueError:
                inner = None
        if isinstance(inner, dict):
            usage = _object(inner.get("usage_object"))
            details = _object(usage.get("prompt_tokens_details"))
            flat = {**details, **usage, **inner, **flat}
    return flat


def _object(value: object) -> dict[str, Any]:
    """An object of JSON; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _as_litellm(row: dict[str, object]) -> dict[str, object]:
    """A LiteLLM row: the deployment without its provider, the account from its base address."""
    deployment = str(row.get("Deployment") or "")
    row["Deployment"] = deployment.rpartition("/")[2] or None
    try:
        host = urlsplit(str(row.get("ResourceName") or "")).hostname
    except ValueError:
        host = None  # no address: the account is what the row says
    row["ResourceName"] = host.partition(".")[0] if host else row.get("ResourceName")
    return row
