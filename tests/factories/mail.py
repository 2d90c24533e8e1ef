"""A real mail server on loopback, that can be told to be difficult."""

from __future__ import annotations

from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from config.supervisor.processes import free_port


class Mailbox:
    """What arrived, and whom to refuse or to hang up on."""

    def __init__(self):
        self.messages = []
        self.refused = set()
        self.hang_up_on = set()
        self.on_message = lambda: None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd names it
        if address in self.refused:
            return f"550 5.1.1 <{address}> no such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd names it
        if self.hang_up_on & set(envelope.rcpt_tos):
            server.transport.abort()
            return "421 gone"
        self.on_message()
        self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


class MailServer(Controller):
    """aiosmtpd on a free port; `box` holds what arrived."""

    def __init__(self):
        self.box = Mailbox()
        super().__init__(self.box, hostname="127.0.0.1", port=free_port())
