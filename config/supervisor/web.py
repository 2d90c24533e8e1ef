"""One web process: `python -m config.supervisor.web FD` or `... HOST:PORT`.

The supervisor binds the address and hands over the socket, so several processes share it, and callers
wait in its queue, instead of being refused, while one is started again. A container binds its own.
"""

import os
import socket
import sys
from typing import Final

import uvicorn

GRACE_S: Final = 3
LARGEST_FRAME: Final = 64 * 1024


def main(where: str) -> None:
    trusted_proxies = os.environ.get("FORWARDED_ALLOW_IPS")
    config = uvicorn.Config(
        "config.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Only a proxy that the operator names may say who the client is.
        proxy_headers=trusted_proxies is not None,
        forwarded_allow_ips=trusted_proxies,
        ws_max_size=LARGEST_FRAME,
        # Frames are small and shared by many sockets: compressing each anew costs half of a web process.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[_listening(where)])


def _listening(where: str) -> socket.socket:
    if where.isdecimal():
        return socket.socket(fileno=int(where))
    host, _, port = where.rpartition(":")
    return socket.create_server((host, int(port)))


if __name__ == "__main__":
    main(sys.argv[1])
