"""Starts every part in order, waits until each is ready, and stops them in reverse."""

import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.launch_settings import LaunchSettings
from deploy.local.mongod import (
    await_primary,
    await_unlocked,
    check_mongod,
    check_replica_set,
    choose_port,
    find_mongod,
    mongod_command,
    mongod_uri,
)
from deploy.local.notify_socket import NotifySocket
from deploy.local.operator_command import create_admin_token, run_operator_command
from deploy.local.outbox import serve_outbox
from deploy.local.part import Part
from deploy.local.part_group import PartGroup
from deploy.local.readiness import await_http_ok
from deploy.local.var_folder import VarFolder

_READY_SECONDS = 60
_STOP_SECONDS = {"mongod": 30.0, "daemon": 60.0, "api": 35.0}
_RESTART_SECONDS = 1.0  # as in deploy/systemd
_DRAIN_SECONDS = "10"  # a laptop's Ctrl-C should not wait as long as a server's stop


class Launcher:
    """One run of everything. `run` ends only by a cancellation or by LaunchError."""

    def __init__(
        self,
        settings: LaunchSettings,
        environment: dict[str, str],
        var: VarFolder,
        listener: socket.socket,
        say: Callable[[str], None],
    ) -> None:
        self.parts = PartGroup()
        self._settings = settings
        self._var = var
        self._listener = listener
        self._say = say
        self._environment = environment | {"LOG_FORMAT": "json"}
        self._environment.setdefault("DAEMON_RUNTIME_FOLDER", str(var.runtime))
        self._environment.setdefault("EXPORT_FOLDER", str(var.exports))
        if not self._environment.get("SECRETS_KEY"):
            self._environment["SECRETS_KEY"] = var.secrets_key()
        self._environment.setdefault("DAEMON_DRAIN_SECONDS", _DRAIN_SECONDS)

    async def run(self) -> None:
        """Starts all, says so, and watches; whatever ends it, every part is stopped before it returns."""
        async with AsyncExitStack() as stack:
            await self._start_mongodb(stack)
            await self._start_outbox(stack)
            daemon = await stack.enter_async_context(AsyncExitStack())
            await self._start_daemon(daemon)
            await self.parts.while_all_run(run_operator_command(["bootstrap"], self._environment))
            await self._start_api(stack)
            token = await self.parts.while_all_run(create_admin_token(self._environment))
            self._var.write_token(token)
            self._announce(token)
            try:
                await self._keep_going(daemon)
            except LaunchError:
                self._say("A part ended; stopping the others.")
                raise

    async def _keep_going(self, daemon: AsyncExitStack) -> None:
        """Starts a daemon that dies again, as systemd does: the API goes on and says meanwhile that it is away."""
        while True:
            ended = await self.parts.end_of("daemon")
            if not ended.may_go_on:
                raise LaunchError(ended.obituary())
            self._say(f"The {ended.ending()}; it is started again. Its log: {self._var.log_file('daemon')}")
            await daemon.aclose()
            self.parts.forget(ended)
            await self.parts.while_all_run(asyncio.sleep(_RESTART_SECONDS))
            await self._start_daemon(daemon)

    async def _start_mongodb(self, stack: AsyncExitStack) -> None:
        if self._settings.mongodb_uri:
            await asyncio.to_thread(check_replica_set, self._settings.mongodb_uri)
            return
        self._say(f"Starting MongoDB (embedded, data in {self._var.data})")
        binary = find_mongod()
        await asyncio.to_thread(check_mongod, binary)
        await asyncio.to_thread(await_unlocked, self._var.data)
        port = choose_port(self._var.mongod_port)
        mongod = await self._start(stack, "mongod", mongod_command(binary, self._var.data, port), signal.SIGTERM)
        await self.parts.while_all_run(asyncio.to_thread(await_primary, port, lambda: mongod.is_running))
        self._var.remember_mongod_port(port)
        self._environment["MONGODB_URI"] = mongod_uri(port)

    async def _start_outbox(self, stack: AsyncExitStack) -> None:
        if self._settings.smtp_host:
            return
        port = await stack.enter_async_context(serve_outbox(self._var.outbox))
        for name in ("SMTP_USERNAME", "SMTP_PASSWORD"):
            self._environment.pop(name, None)
        self._environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}

    async def _start_daemon(self, stack: AsyncExitStack) -> None:
        self._say("Starting the daemon")
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="us-"))  # socket paths must be short
        notify = stack.enter_context(NotifySocket(Path(folder) / "notify"))
        command = [sys.executable, "-m", "scheduler_daemon"]
        await self._start(stack, "daemon", command, signal.SIGKILL, NOTIFY_SOCKET=str(notify.path))
        await self.parts.while_all_run(self._until_serving(notify))

    async def _start_api(self, stack: AsyncExitStack) -> None:
        self._say("Starting the API")
        bind = f"fd://{self._listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_conf", "--bind", bind]
        await self._start(
            stack,
            "api",
            [*command, "api.wsgi:app"],
            signal.SIGTERM,
            pass_listener=True,
            RUNTIME_DIRECTORY=str(self._var.runtime),
        )
        ready = await_http_ok(self._settings.port, "/readyz", _READY_SECONDS)
        await self.parts.while_all_run(ready)

    async def _start(
        self,
        stack: AsyncExitStack,
        name: str,
        command: list[str],
        on_parent_death: signal.Signals,
        *,
        pass_listener: bool = False,
        **environment: str,
    ) -> Part:
        starting = Part.start(
            name,
            command,
            log_file=self._var.log_file(name),
            folder=self._var.path,
            environment=self._environment | environment,
            on_parent_death=on_parent_death,
            pass_fds=[self._listener.fileno()] if pass_listener else [],
        )
        return await self.parts.add(stack, starting, stop_seconds=_STOP_SECONDS[name])

    async def _until_serving(self, notify: NotifySocket) -> None:
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        while not await asyncio.to_thread(notify.wait_serving, 0.2):
            if asyncio.get_running_loop().time() > deadline:
                raise LaunchError(
                    f"The daemon was not ready within {_READY_SECONDS} seconds; it says: "
                    f"{notify.status or 'nothing'}. Its log: {self._var.log_file('daemon')}"
                )

    def _announce(self, token: str) -> None:
        embedded = not self._settings.mongodb_uri
        mongodb = f"MongoDB: {self._environment['MONGODB_URI']}\n" if embedded else ""  # a given one holds a password
        mails = f"sent through {self._settings.smtp_host}" if self._settings.smtp_host else self._var.outbox
        self._say(
            f"Unified Scheduler is ready: http://127.0.0.1:{self._settings.port}\n"
            f"Admin token: {token}\n"
            f"  (also in {self._var.token_file}; it replaces the token of the last start)\n"
            f"{mongodb}"
            f"Mails: {mails}\n"
            f"Logs: {self._var.logs}\n"
            "Ctrl-C stops everything; the data stay."
        )
