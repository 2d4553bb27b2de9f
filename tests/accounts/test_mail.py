"""Messages wait, leave once, and are never lost; against a real mail server."""

import smtplib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts.mail import sending
from app.accounts.mail.repository import enqueue
from app.accounts.mail.rules import UnknownMessage, Written, delay_after, written
from app.accounts.mail.sending import OutboxCarrier, SmtpCarrier
from app.accounts.mail.service import Post
from app.database.sessions import WritingSession, session_scope
from app.settings import MailSettings
from tests.accounts.people import EMAIL, Mailbox, make_person

MESSAGE = Written("Objet – éprouvé", "Bonjour,\n\nUn texte accentué.\n")


class Server:
    """Takes mail by SMTP and keeps it; refuses recipients named "inconnu"."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address.startswith("inconnu"):
            return f"550 {address} is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.taken.append(envelope)
        return "250 OK"


def _login(
    _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any
) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.password == b"secret"
    return AuthResult(success=right, handled=False)


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # The real port is not the one asked for.
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def plain(server: Server) -> Iterator[MailSettings]:
    controller = _Controller(server, hostname="127.0.0.1", port=0)
    controller.start()
    yield MailSettings(host="127.0.0.1", port=controller.port, security="none", timeout=5)
    controller.stop()


@pytest.fixture
def protected(server: Server, tmp_path: Path) -> Iterator[MailSettings]:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    controller = _Controller(
        server,
        hostname="127.0.0.1",
        port=0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_login,
    )
    controller.start()
    yield MailSettings(
        host="127.0.0.1",
        port=controller.port,
        security="starttls",
        user="cpts",
        password="secret",
        sender="Les CPTS <cpts@exemple.example>",
        timeout=5,
        ca_file=certificate,
    )
    controller.stop()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime  # noqa: PLC0415
    from ipaddress import ip_address  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def read(content: bytes) -> Any:
    return BytesParser(policy=policy.default).parsebytes(content)


def rows(engine: Engine, question: str) -> list[Any]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def wait(
    engine: Engine, kind: str = "password-changed", to: str = EMAIL, **details: Any
) -> None:
    with session_scope(engine) as session:
        enqueue(session, kind, to, details)


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE outgoing_message SET next_attempt_at = now()"))


def test_a_mail_server_gets_the_message_with_its_accents(
    server: Server, plain: MailSettings
) -> None:
    SmtpCarrier(plain).carry(7, EMAIL, MESSAGE)
    [taken] = server.taken
    mail = read(taken.content)  # type: ignore[arg-type]
    assert taken.rcpt_tos == [EMAIL]
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.body


def test_the_exchange_is_encrypted_and_the_server_proven_before_the_password_is_given(
    server: Server, protected: MailSettings
) -> None:
    SmtpCarrier(protected).carry(7, EMAIL, MESSAGE)
    assert server.taken[0].mail_from == "cpts@exemple.example"
    stranger = protected.model_copy(update={"ca_file": None})
    with pytest.raises(ssl.SSLCertVerificationError):
        SmtpCarrier(stranger).carry(8, EMAIL, MESSAGE)
    wrong = protected.model_copy(update={"password": MailSettings(password="x").password})
    with pytest.raises(smtplib.SMTPAuthenticationError):
        SmtpCarrier(wrong).carry(8, EMAIL, MESSAGE)
    assert len(server.taken) == 1


def test_a_server_that_is_silent_is_given_up_in_time() -> None:
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = MailSettings(
            host="127.0.0.1", port=silent.getsockname()[1], security="none", timeout=0.2
        )
        with pytest.raises(OSError, match="timed out"):
            SmtpCarrier(settings).carry(7, EMAIL, MESSAGE)


def test_without_a_server_messages_are_files_that_only_their_owner_reads(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "outbox"
    carrier = sending.carrier(MailSettings(), tmp_path)
    assert isinstance(carrier, OutboxCarrier)
    carrier.carry(7, EMAIL, MESSAGE)
    [path] = folder.iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert read(path.read_bytes()).get_content() == MESSAGE.body


def test_files_of_mail_are_deleted_by_recipient_and_by_age(tmp_path: Path) -> None:
    import os  # noqa: PLC0415

    carrier = OutboxCarrier(tmp_path, "cpts@exemple.example")
    carrier.forget(EMAIL)
    for number, to in enumerate((EMAIL, "autre@exemple.example", EMAIL)):
        carrier.carry(number, to, MESSAGE)
    carrier.forget(EMAIL)
    [left] = tmp_path.iterdir()
    assert read(left.read_bytes())["To"] == "autre@exemple.example"
    assert carrier.purge(14) == 0
    old = time.time() - 15 * 86400
    os.utime(left, (old, old))
    assert carrier.purge(14) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_message_that_left_is_forgotten(engine: Engine, mailbox: Mailbox, post: Post) -> None:
    wait(engine, "text", subject="Objet", body="Corps")
    assert post.send_due() == 1
    [(to, message)] = mailbox.messages
    assert (to, message.subject) == (EMAIL, "Objet")
    assert rows(engine, "SELECT * FROM outgoing_message") == []


def test_a_message_that_cannot_leave_waits_longer_each_time_and_names_nobody(
    engine: Engine,
    mailbox: Mailbox,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wait(engine)
    refused = (550, f"{EMAIL} is nobody here".encode())
    mailbox.fault = smtplib.SMTPRecipientsRefused({EMAIL: refused})
    assert post.send_due() == 1
    assert post.send_due() == 0
    state = (
        "SELECT attempts, trouble, next_attempt_at > now() + interval '{}' "
        "FROM outgoing_message"
    )
    assert rows(engine, state.format("290 seconds")) == [(1, "SMTPRecipientsRefused 550", True)]
    make_due(engine)
    post.send_due()
    assert rows(engine, state.format("590 seconds")) == [(2, "SMTPRecipientsRefused 550", True)]
    assert EMAIL not in caplog.text
    assert "waits: SMTPRecipientsRefused 550" in caplog.text
    mailbox.fault = None
    make_due(engine)
    post.send_due()
    assert [to for to, _ in mailbox.messages] == [EMAIL]
    assert rows(engine, "SELECT * FROM outgoing_message") == []


def test_a_message_whose_sender_was_killed_is_sent_again(
    engine: Engine, mailbox: Mailbox, post: Post
) -> None:
    wait(engine)
    [due] = post.due()
    assert post.claim(due) is not None
    # Claimed and never sent: nobody else takes it before its time, and then somebody does.
    assert post.send_due() == 0
    make_due(engine)
    assert post.send_due() == 1
    assert len(mailbox.messages) == 1


def test_what_is_rolled_back_sends_nothing(
    engine: Engine, mailbox: Mailbox, post: Post
) -> None:
    with engine.connect() as connection, WritingSession(connection) as session:
        enqueue(session, "password-changed", EMAIL)
        session.rollback()
    assert post.send_due() == 0


def test_workers_at_once_send_each_message_once(
    engine: Engine, mailbox: Mailbox, post: Post
) -> None:
    for number in range(30):
        wait(engine, "text", to=f"p{number}@exemple.example", subject="x", body="y")
    started = threading.Barrier(3)

    def work() -> None:
        started.wait()
        while rows(engine, "SELECT 1 FROM outgoing_message WHERE next_attempt_at <= now()"):
            post.send_due()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(mailbox.messages) == 30
    assert len({to for to, _ in mailbox.messages}) == 30


def test_a_message_is_sent_by_one_of_two_workers_however_slow_the_first_is(
    engine: Engine, mailbox: Mailbox, post: Post
) -> None:
    for to in ("a@exemple.example", "b@exemple.example"):
        wait(engine, to=to)
    # Both look before either sends, and the first is slow with the first message.
    slow, quick = post.due(), post.due()
    assert len(slow) == len(quick) == 2
    assert post.claim(slow[0]) is not None
    assert [post.send(each) for each in quick] == [False, True]
    assert post.send(slow[1]) is False
    assert [to for to, _ in mailbox.messages] == ["b@exemple.example"]


class _Unfriendly(Server):
    """Takes messages and does not take leave."""

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return "421 going down"


def test_a_server_that_fails_after_accepting_has_the_message() -> None:
    server = _Unfriendly()
    controller = _Controller(server, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        settings = MailSettings(
            host="127.0.0.1", port=controller.port, security="none", timeout=5
        )
        SmtpCarrier(settings).carry(7, EMAIL, MESSAGE)
    finally:
        controller.stop()
    assert [taken.rcpt_tos for taken in server.taken] == [[EMAIL]]


def test_a_message_of_an_unknown_kind_is_dropped(
    engine: Engine, mailbox: Mailbox, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    wait(engine, "d'une autre version")
    assert post.send_due() == 1
    assert mailbox.messages == []
    assert rows(engine, "SELECT * FROM outgoing_message") == []
    with pytest.raises(UnknownMessage):
        written("autre", {}, base="", site="", secret=None)


@pytest.mark.parametrize("kind", ["invitation", "password"])
def test_a_link_leaves_for_whom_it_is_meant_only(
    engine: Engine, mailbox: Mailbox, post: Post, kind: str
) -> None:
    from app.accounts.people import service  # noqa: PLC0415

    make_person(engine)
    with session_scope(engine) as session:
        service.invite(session, email="invitee@exemple.example", role="member")
    for to in (EMAIL, "invitee@exemple.example", "nul@exemple.example"):
        wait(engine, kind, to=to)
    post.send_due()
    meant = {"invitation": "invitee@exemple.example", "password": EMAIL}[kind]
    assert [to for to, _ in mailbox.messages] == [meant]
    # And no secret is in the table that waits.
    assert rows(engine, "SELECT details FROM outgoing_message") == []


def test_links_begin_with_the_outside_address(
    engine: Engine, mailbox: Mailbox, post: Post
) -> None:
    make_person(engine)
    wait(engine, "password")
    replace(post, base="https://cpts.example").send_due()
    body = mailbox.messages[0][1].body
    assert "https://cpts.example/mot-de-passe/" in body


def test_a_wait_doubles_up_to_six_hours() -> None:
    delays = [delay_after(attempts) for attempts in range(12)]
    assert delays[:3] == [timedelta(minutes=m) for m in (5, 10, 20)]
    assert delays == sorted(delays)
    assert delay_after(10_000) == delays[-1] == timedelta(hours=6)


def test_a_subject_of_several_lines_adds_no_header(tmp_path: Path) -> None:
    carrier = OutboxCarrier(tmp_path, "cpts@exemple.example")
    with pytest.raises(ValueError, match="linefeed"):
        carrier.carry(1, EMAIL, Written("x\nBcc: autre@exemple.example", "y"))
    assert list(tmp_path.glob("*.eml")) == []


def test_the_service_sends_what_waits_while_it_runs(
    engine: Engine, mailbox: Mailbox, app: FastAPI
) -> None:
    with session_scope(engine) as session:
        enqueue(session, "password-changed", "a@exemple.example")
    with TestClient(app):
        deadline = time.monotonic() + 60
        while not mailbox.messages:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert [to for to, _ in mailbox.messages] == ["a@exemple.example"]
