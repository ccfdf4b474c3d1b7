"""A real nginx with the example of deploy/nginx before an API, under a path as its comment says."""

import os
import shutil
from pathlib import Path

import requests

from deploy.local.mongod import free_port
from tests.support.environment import ROOT
from tests.support.program import Program
from tests.support.smtp_server import CERTIFICATE, CERTIFICATE_KEY
from tests.support.waiting import wait_until

EXAMPLE = ROOT / "deploy/nginx/unified-scheduler.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
PREFIX = "/scheduler"
_READY_SECONDS = 20
_FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx(Program):
    """`https://localhost:PORT/scheduler` is the API on `api_port`, until `end()`."""

    def __init__(self, folder: Path, api_port: int) -> None:
        assert NGINX is not None
        port = free_port()
        self.url = f"https://localhost:{port}{PREFIX}"
        changes = {
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "/etc/ssl/certs/scheduler.example.com.pem": str(CERTIFICATE),
            "/etc/ssl/private/scheduler.example.com.key": str(CERTIFICATE_KEY),
            "location / {": f"location {PREFIX}/ {{",
            "proxy_pass http://127.0.0.1:8000;": f"proxy_pass http://127.0.0.1:{api_port}/;",
        }
        site = EXAMPLE.read_text(encoding="utf-8")
        for before, after in changes.items():
            assert site.count(before) == 1, before
            site = site.replace(before, after)
        folder.joinpath("site.conf").write_text(site, encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""  # whose folder this is
        frame = folder / "nginx.conf"
        frame.write_text(_FRAME.format(folder=folder, user=user), encoding="utf-8")
        super().__init__([NGINX, "-p", str(folder), "-c", str(frame)], dict(os.environ), folder / "nginx.log")

    def wait_ready(self) -> None:
        """Returns once it serves the API; AssertionError with its log otherwise."""
        wait_until(lambda: not self.is_running or self._answers(), _READY_SECONDS, message="nginx")
        assert self.is_running, f"nginx ended:\n{self.log_text()}"

    def get(self, path: str) -> requests.Response:
        """What it answers, without following a redirection. path: after the host."""
        address = self.url.removesuffix(PREFIX) + path
        return requests.get(address, timeout=10, verify=str(CERTIFICATE), allow_redirects=False)

    def _answers(self) -> bool:
        try:
            return self.get(f"{PREFIX}/readyz").status_code == 200
        except requests.ConnectionError:
            return False
