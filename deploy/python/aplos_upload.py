#!/usr/bin/env python3
"""Starts uploads to Aplos NCA from Python, waits for their receipts, and shows their status.

Copy this file into your project. It needs Python 3.10 or later and two packages:

    pip install temporalio pycryptodome

As a library:

    client = await connect()
    workflow_id = await start(client, request_for_file("pk.csv", [{"configuration": {...}}]))
    receipt = await wait(client, workflow_id)

As a command:

    python3 aplos_upload.py start pk.csv --config day-1.json --wait

The settings are those of the command aplos-upload: environment variables, or a settings file in TOML.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import copy
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from Crypto.Cipher import AES
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.converter import DataConverter, PayloadCodec, WithSerializationContext
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

WORKFLOW_TYPE = "uploadAnalysisFile"
TASK_QUEUE = "aplos-upload"


class UploadError(Exception):
    """An upload that ended without a receipt, or a setting that is wrong.

    The code is one of those in docs/reference/errors.md; None if the upload was cancelled or terminated.
    """

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.args[0]}" if self.code else self.args[0]


# Requests


def request_for_file(
    path: str | os.PathLike[str],
    executions: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> dict[str, Any]:
    """Returns the request for a file that the worker can read under the same path.

    Hashes the file, so that the worker uploads exactly these bytes.

    executions: analyses to start; each has a "configuration", and optionally a "label", "metaData" and so on
    fields: other fields of the request: profile, batch, requestedBy, host, fileName
    """
    file = Path(path).resolve()
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(1024 * 1024):
            digest.update(chunk)
    return {
        "source": file.as_uri(),
        "expect": {"sizeBytes": file.stat().st_size, "sha256": digest.hexdigest()},
        "executions": [dict(each) for each in executions],
        **fields,
    }


def workflow_id_for(request: Mapping[str, Any]) -> str:
    """Returns a workflow ID that identifies the work: the same request has the same ID."""
    source = request["source"]
    name = request.get("fileName") or unquote(urlsplit(source).path).rsplit("/", 1)[-1]
    content = request.get("expect", {}).get("sha256") or source
    executions = json.dumps(request.get("executions", []), sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(f"{content}\n{executions}".encode()).hexdigest()[:24]
    profile = request.get("profile", "default")
    # Temporal's query language cannot name these characters.
    return re.sub(r'["\\\x00-\x1f]', "_", f"{profile}:{name}:{digest}")


# Start, wait, status


async def start(client: Client, request: Mapping[str, Any], workflow_id: str | None = None) -> str:
    """Starts an upload, and returns its workflow ID. Repeating a call is safe.

    It joins an upload that is running, leaves one that is completed, and runs one again that failed. Executions that
    Aplos already has are found, and not charged twice.
    """
    json.dumps(request, allow_nan=False)  # NaN and Infinity are not JSON
    workflow_id = workflow_id or workflow_id_for(request)
    try:
        await client.start_workflow(
            WORKFLOW_TYPE,
            request,
            id=workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
    except WorkflowAlreadyStartedError:
        pass  # It is completed, and has a receipt.
    return workflow_id


async def wait(client: Client, workflow_id: str) -> dict[str, Any]:
    """Waits for an upload, and returns its receipt.

    Raises UploadError if it ended without a receipt.
    """
    try:
        return await client.get_workflow_handle(workflow_id).result()
    except WorkflowFailureError as error:
        cause = error.cause
        code = cause.type if isinstance(cause, ApplicationError) else None
        raise UploadError(code, getattr(cause, "message", None) or str(cause)) from error
    except RPCError as error:
        raise _not_found(workflow_id, error) from error


async def status(client: Client, workflow_id: str) -> dict[str, Any]:
    """Returns the status of an upload, and, if it failed, the code of its error."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        raise _not_found(workflow_id, error) from error
    found = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    is_running = described.status == WorkflowExecutionStatus.RUNNING
    return {
        "workflowId": described.id,
        "runId": described.run_id,
        "status": described.status.name.lower() if described.status is not None else "unknown",
        "fileName": found.get("AplosFileName"),
        "batches": list(found.get("AplosBatch") or []),
        "executionIds": list(found.get("AplosExecutionIds") or []),
        "errorCode": None if is_running else found.get("AplosErrorCode"),
        "startedAt": _iso(described.start_time),
        "closedAt": _iso(described.close_time),
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _not_found(workflow_id: str, error: RPCError) -> Exception:
    if error.status != RPCStatusCode.NOT_FOUND:
        return error
    return UploadError("UPLOAD_UNKNOWN", f"The namespace has no upload {workflow_id}. Check the ID and the namespace.")


# Settings


async def connect(settings: str | os.PathLike[str] | None = None) -> Client:
    """Connects a client that encrypts and decrypts payloads as the workers do.

    settings: settings file, which overrides environment variables. Default: the environment, and below it the file that
      APLOS_UPLOAD_SETTINGS names
    """
    file = _read_settings(settings)
    environment = os.environ if settings is None else {}
    options = ClientConfig.load_client_connect_config(**_connect_options(file.get("temporal", {}), settings))
    keys = _keys(file.get("encryption", {}), environment)
    codec = AplosUploadCodec(keys) if keys else _NoKey()
    return await Client.connect(**options, data_converter=DataConverter(payload_codec=codec))


def _read_settings(path: str | os.PathLike[str] | None) -> dict[str, Any]:
    path = path or os.environ.get("APLOS_UPLOAD_SETTINGS")
    if not path:
        folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        path = Path(folder) / "aplos-upload" / "settings.toml"
        if not path.exists():
            return {}
    try:
        import tomllib
    except ImportError:
        raise UploadError("SETTINGS_INVALID", f"Python 3.11 is needed to read {path}. Set environment variables.") from None
    try:
        return tomllib.loads(Path(path).read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UploadError("SETTINGS_INVALID", f"Cannot read the settings file {path}: {error}") from error


def _connect_options(temporal: Mapping[str, str], named: object) -> dict[str, Any]:
    """Returns the options of Temporal's own configuration. What the settings file sets comes first if it was named."""
    variables = {
        "TEMPORAL_ADDRESS": temporal.get("address"),
        "TEMPORAL_NAMESPACE": temporal.get("namespace"),
        "TEMPORAL_CONFIG_FILE": temporal.get("config_file"),
        "TEMPORAL_PROFILE": temporal.get("profile"),
    }
    in_file = {name: value for name, value in variables.items() if value}
    in_environment = {name: value for name, value in os.environ.items() if value}
    if named is not None and in_file:
        in_environment = {name: value for name, value in in_environment.items() if not name.startswith("TEMPORAL_")}
    return {"override_env_vars": {**in_file, **in_environment}}


def _keys(encryption: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    """Returns the encryption keys, as ID:KEY, separated by commas or white space."""
    name = "APLOS_UPLOAD_ENCRYPTION_KEY"
    if environment.get(name):
        return environment[name]
    if environment.get("APLOS_UPLOAD_ENCRYPTION") == "off":
        return None
    given = {source: environment.get(f"{name}_{source.upper()}") for source in ("file", "command")}
    if not any(given.values()):
        given = {source: encryption.get(f"key_{source}") for source in ("file", "command")}
    if given["file"]:
        return Path(given["file"]).read_text("utf-8-sig").strip()
    if given["command"]:
        return subprocess.run(given["command"], shell=True, check=True, capture_output=True, text=True).stdout.strip()
    return None


# Encryption

_VERSION = b"\x01"
_ENCODING = b"binary/encrypted"
_BOUND_TO = ("encryption-key-id", "namespace", "workflow-id", "activity-id")
# A summary for the Temporal UI, and the code of a failure. Workers leave both unencrypted.
_READABLE = re.compile(rb'^("|\{"code":"[A-Z0-9_]+","remedy":"[a-z-]+"\}$)')


class AplosUploadCodec(PayloadCodec, WithSerializationContext):
    """Encrypts payloads with AES-256-GCM, and binds each to its namespace, workflow and activity.

    The data are a version byte, a nonce of 12 bytes, a tag of 16 bytes, and the encrypted payload. The first key
    encrypts, all of them decrypt.
    """

    def __init__(self, keys: str) -> None:
        pairs = [pair.split(":", 1) for pair in keys.replace(",", " ").split()]
        try:
            self._keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in pairs}
        except ValueError:
            self._keys = {}
        if not self._keys or any(len(key) != 32 for key in self._keys.values()):
            raise UploadError("SETTINGS_INVALID", "An encryption key must be ID:KEY, with 32 bytes in base64")
        self._current = next(iter(self._keys))
        self._context: Any = None

    def with_context(self, context: Any) -> AplosUploadCodec:
        bound = copy.copy(self)
        bound._context = context
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decrypt(payload) for payload in payloads]

    def _binding(self) -> tuple[bytes, ...]:
        """Returns what a payload has to be bound to."""
        names = ("namespace", "workflow_id", "activity_id")
        return tuple((getattr(self._context, name, None) or "").encode() for name in names)

    def _encrypt(self, payload: Payload) -> Payload:
        metadata = dict(zip(_BOUND_TO, (self._current.encode(), *self._binding())))
        cipher = _cipher(self._keys[self._current], os.urandom(12), metadata)
        sealed, tag = cipher.encrypt_and_digest(payload.SerializeToString())
        data = _VERSION + cipher.nonce + tag + sealed
        return Payload(metadata={**metadata, "encoding": _ENCODING}, data=data)

    def _decrypt(self, payload: Payload) -> Payload:
        metadata, data = payload.metadata, payload.data
        if metadata.get("encoding") != _ENCODING:
            if _READABLE.match(data):
                return payload
            raise UploadError("PAYLOAD_UNTRUSTED", "A payload is not encrypted: somebody without the key wrote it")
        if data[:1] != _VERSION:
            raise UploadError("PAYLOAD_UNREADABLE", f"A payload has the format {data[:1].hex()}. Upgrade this file.")
        if tuple(metadata[name] for name in _BOUND_TO[1:]) != self._binding():
            raise UploadError("PAYLOAD_UNTRUSTED", "A payload was encrypted for something else")
        key_id = metadata["encryption-key-id"].decode()
        if key_id not in self._keys:
            raise UploadError("PAYLOAD_UNREADABLE", f'This process lacks the key "{key_id}", which encrypted a payload')
        cipher = _cipher(self._keys[key_id], data[1:13], metadata)
        try:
            return Payload.FromString(cipher.decrypt_and_verify(data[29:], data[13:29]))
        except ValueError:
            raise UploadError("PAYLOAD_UNREADABLE", f'A payload cannot be decrypted with the key "{key_id}"') from None


def _cipher(key: bytes, nonce: bytes, metadata: Mapping[str, bytes]) -> Any:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    texts = (metadata[name] for name in _BOUND_TO)
    cipher.update(_VERSION + b"".join(struct.pack(">I", len(text)) + text for text in texts))
    return cipher


class _NoKey(PayloadCodec):
    """Leaves payloads as they are, and says which setting is missing if one is encrypted."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if any(payload.metadata.get("encoding") == _ENCODING for payload in payloads):
            raise UploadError(
                "PAYLOAD_UNREADABLE",
                "The worker encrypts its payloads, and this process has no key. Set APLOS_UPLOAD_ENCRYPTION_KEY to that "
                "of the worker, or name its settings file.",
            )
        return list(payloads)


# Command


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start uploads to Aplos NCA, and show their results, as JSON.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("start", help="start the upload of a file, and print its workflow ID")
    one.add_argument("file", type=Path, help="file that the worker sees under the same path")
    one.add_argument("--config", action="append", type=Path, default=[], help="configuration in JSON; repeatable")
    one.add_argument("--batch", help="batch name")
    one.add_argument("--profile", help="Aplos account, by its name in the worker's settings")
    one.add_argument("--wait", action="store_true", help="wait, and print the receipt instead")
    for name, text in {"wait": "wait for an upload, and print its receipt", "status": "show an upload"}.items():
        commands.add_parser(name, help=text).add_argument("workflow_id")
    for command in commands.choices.values():
        command.add_argument("--settings", type=Path, help="settings file; it overrides environment variables")
    return parser.parse_args()


def _request_of(arguments: argparse.Namespace) -> dict[str, Any]:
    executions = [
        {"label": path.stem, "configuration": json.loads(path.read_text("utf-8-sig"))} for path in arguments.config
    ]
    fields = {name: getattr(arguments, name) for name in ("batch", "profile") if getattr(arguments, name)}
    return request_for_file(arguments.file, executions, **fields)


async def _main() -> int:
    arguments = _arguments()
    try:
        request = _request_of(arguments) if arguments.command == "start" else {}
        client = await connect(arguments.settings)
        if arguments.command == "start":
            workflow_id = await start(client, request)
            print(json.dumps(await wait(client, workflow_id)) if arguments.wait else workflow_id)
        else:
            print(json.dumps(await {"wait": wait, "status": status}[arguments.command](client, arguments.workflow_id)))
        return 0
    except (OSError, ValueError, RuntimeError, RPCError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    except UploadError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2 if error.code == "SETTINGS_INVALID" else 1


if __name__ == "__main__":
    exit_code = asyncio.run(_main())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # A normal exit sometimes aborts the process: temporalio/sdk-python issue 300.
