"""Delivers e-mail over SMTP: MAIL and RCPT, the hand-off mark, DATA; and says what each kind of answer means."""

import ssl
from collections.abc import Sequence
from typing import NoReturn

from aiosmtplib import (
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from scheduler_daemon.notifications.attachments import Attached
from scheduler_daemon.notifications.notifiers.email_message import (
    ComposedEmail,
    HeaderOptions,
    Mailbox,
    compose_email,
    mailbox,
    parse_mailbox,
)
from scheduler_daemon.notifications.notifiers.hard_bounces import is_hard_bounce
from scheduler_daemon.notifications.notifiers.notifier import HandOff
from scheduler_daemon.notifications.notifiers.smtp_connections import SmtpConnection, SmtpConnections, SmtpServer
from shared.clock import Clock
from shared.errors import DeliveryError
from shared.message_content import email_content
from shared.models.notification_models import Channel, NotificationTemplate
from shared.models.queue import QueueItem
from shared.models.suppressions import SuppressionReason
from shared.unsubscribe import UnsubscribeLinks

CREDENTIAL_CODES = (530, 534, 535, 538)
SHUTTING_DOWN = 421
TOO_LARGE = 552
MARKS_AHEAD = 8
"""Messages of a connection that are marked: the one on its way, and those that come next."""


class _ConnectionLost(Exception):
    """The connection ended, or went silent, before the hand-off."""


class SmtpNotifier:
    """One SMTP server and its connections."""

    channel = Channel.EMAIL

    def __init__(
        self,
        connections: SmtpConnections,
        sender: Mailbox,
        clock: Clock,
        *,
        reply_to: Mailbox | None = None,
        links: UnsubscribeLinks | None = None,
    ) -> None:
        """links: None, and no e-mail says how to unsubscribe."""
        self.marks_ahead = MARKS_AHEAD * connections.size
        self._connections = connections
        self._sender = sender
        self._clock = clock
        self._reply_to = reply_to
        self._links = links

    @classmethod
    def for_server(
        cls,
        server: SmtpServer,
        sender: Mailbox,
        connections: int,
        clock: Clock,
        tls_context: ssl.SSLContext | None = None,
        *,
        reply_to: Mailbox | None = None,
        links: UnsubscribeLinks | None = None,
    ) -> "SmtpNotifier":
        pool = SmtpConnections(server, connections, tls_context)
        return cls(pool, sender, clock, reply_to=reply_to, links=links)

    def compose(
        self, item: QueueItem, template: NotificationTemplate, attached: Sequence[Attached] = ()
    ) -> ComposedEmail:
        """InvalidDefinition if the texts cannot be rendered or the address cannot be written to."""
        link = None if self._links is None else self._links.of_message(item)
        rendered = email_content(item, template, link)
        recipient = mailbox(item.recipient.address, item.recipient.name)
        options = HeaderOptions(
            self._reply_to if template.reply_to is None else parse_mailbox(template.reply_to, "replyTo"),
            link,
            one_click=self._links is not None and self._links.one_click,
        )
        now = self._clock.now()
        return compose_email(self._sender, recipient, rendered, item.message_id, now, options, attached)

    async def deliver(self, message: ComposedEmail, hand_off: HandOff) -> str:
        """The server's answer to the final dot. A connection that had grown stale is replaced once."""
        async with self._connections.slot():
            connection = await self._connections.take()
            try:
                try:
                    await _envelope(connection, message)
                except _ConnectionLost:
                    if not connection.reused:
                        raise
                    connection.client.close()
                    connection = await self._connections.take(fresh=True)
                    await _envelope(connection, message)
            except _ConnectionLost as fault:
                self._end(connection, broken=True)
                raise DeliveryError(f"before the hand-off: {fault}", permanent=False) from fault
            except DeliveryError:
                self._end(connection, unfinished=True)
                raise
            except BaseException:
                self._end(connection, broken=True)
                raise
            return await self._hand_over(connection, message, hand_off)

    async def close(self) -> None:
        await self._connections.close()

    async def _hand_over(self, connection: SmtpConnection, message: ComposedEmail, hand_off: HandOff) -> str:
        try:
            await hand_off()
        except Exception:
            self._end(connection, unfinished=True)
            raise
        except BaseException:
            self._end(connection, broken=True)
            raise
        try:
            answer = await connection.client.data(message.content)
        except SMTPResponseException as fault:
            self._end(connection, unfinished=True)
            _refused_data(fault)
        except (SMTPException, OSError, TimeoutError) as fault:
            self._end(connection, broken=True)
            raise DeliveryError(
                f"no answer after the hand-off: {_text(fault)}", permanent=False, ambiguous=True
            ) from fault
        except BaseException:
            self._end(connection, broken=True)
            raise
        self._end(connection)
        return f"{answer.code} {answer.message}"[:500]

    def _end(self, connection: SmtpConnection, *, broken: bool = False, unfinished: bool = False) -> None:
        connection.broken = connection.broken or broken
        connection.unfinished = unfinished
        self._connections.give_back(connection)


async def _envelope(connection: SmtpConnection, message: ComposedEmail) -> None:
    """MAIL and RCPT. DeliveryError: the server said no; _ConnectionLost: it said nothing."""
    client = connection.client
    options, encoding = [], "ascii"
    if message.needs_smtputf8:
        if not client.supports_extension("smtputf8"):
            raise DeliveryError("the server does not take international addresses (SMTPUTF8)", permanent=True)
        options, encoding = ["SMTPUTF8"], "utf-8"
    try:
        await client.mail(message.sender, options=options, encoding=encoding)
        await client.rcpt(message.recipient, encoding=encoding)
    except SMTPResponseException as fault:
        if fault.code == SHUTTING_DOWN and connection.reused:
            raise _ConnectionLost(_text(fault)) from fault
        raise _refusal(fault) from fault
    except SMTPServerDisconnected as fault:
        raise _ConnectionLost(_text(fault)) from fault
    except ValueError as fault:  # an address that may not stand on a command line
        raise DeliveryError(f"the address cannot be used: {fault}", permanent=True) from fault
    except (SMTPException, OSError, TimeoutError) as fault:
        connection.broken = True
        raise DeliveryError(f"before the hand-off: {_text(fault)}", permanent=False) from fault


def _refusal(fault: SMTPResponseException) -> DeliveryError:
    """What a refusal before DATA means: 5yz of the sender is the channel's fault, of the recipient the message's."""
    permanent = 500 <= fault.code < 600
    channel_fault = fault.code in CREDENTIAL_CODES
    if isinstance(fault, SMTPSenderRefused):
        channel_fault = channel_fault or fault.code == SHUTTING_DOWN or (permanent and fault.code != TOO_LARGE)
    of_recipient = isinstance(fault, SMTPRecipientRefused)
    return DeliveryError(
        f"{'recipient' if of_recipient else 'sender'} refused: {_text(fault)}",
        permanent=permanent and not channel_fault,
        channel_fault=channel_fault,
        suppress=_suppression(fault) if of_recipient and not channel_fault else "",
    )


def _refused_data(fault: SMTPResponseException) -> NoReturn:
    """An answer to DATA or to the final dot. What is no proper refusal leaves open what happened."""
    if not 400 <= fault.code < 600:
        raise DeliveryError(
            f"unreadable answer after the hand-off: {_text(fault)}", permanent=False, ambiguous=True
        ) from fault
    channel_fault = fault.code in CREDENTIAL_CODES
    raise DeliveryError(
        f"message refused: {_text(fault)}",
        permanent=fault.code >= 500 and not channel_fault,
        channel_fault=channel_fault,
        suppress="" if channel_fault else _suppression(fault),
    ) from fault


def _suppression(fault: SMTPResponseException) -> str:
    return SuppressionReason.HARD_BOUNCE.value if is_hard_bounce(fault.code, fault.message) else ""


def _text(fault: BaseException) -> str:
    if isinstance(fault, SMTPResponseException):
        return f"{fault.code} {fault.message}"[:500]
    return (str(fault) or type(fault).__name__)[:500]
