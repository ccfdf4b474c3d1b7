"""Whether the API answers."""

import asyncio
import http.client

from deploy.local.errors import LaunchError

_ANSWER_SECONDS = 5


async def await_http_ok(port: int, path: str, seconds: float) -> None:
    """Returns once GET `path` on 127.0.0.1 answers 200; LaunchError with the last answer after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        answer = await asyncio.to_thread(_get, port, path)
        if answer == "200":
            return
        if loop.time() > deadline:
            raise LaunchError(f"The API was not ready within {seconds} seconds; {path} answers: {answer}")
        await asyncio.sleep(0.1)


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as fault:
        return str(fault) or type(fault).__name__
    finally:
        connection.close()
    return "200" if answer.status == 200 else f"{answer.status} {text}"
