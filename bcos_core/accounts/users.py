"""The accounts of a team's dashboard: added, given a role, disabled, removed; there is always an admin left."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from bcos_core.access.actor import MEMBERS, Actor, Mode, Role
from bcos_core.access.table import Action
from bcos_core.accounts.open_sessions import is_open
from bcos_core.accounts.passwords import hash_password
from bcos_core.accounts.schema import LONGEST_NAME, USER_LINKS, USER_SESSIONS, USERS
from bcos_core.errors import AccountError, SignInError, UnknownNameError
from bcos_core.storage.audit import deed, note
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now

LINK_LIFE = timedelta(days=2)
NAME_SIGNS = " .,-_'’@+()"
"""What names of people and their mail addresses have besides letters and digits."""


@dataclass(frozen=True)
class User:
    """An account, without its password. `sessions` are those that are open by password; `has_link`: there is a link by
    which its person can still choose one."""

    id: str
    name: str
    role: Role
    issuer: str | None
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None
    valid_after: datetime | None
    has_password: bool
    has_link: bool
    sessions: int

    @property
    def has_way_in(self) -> bool:
        """Whether its person can sign in as things stand."""
        return self.disabled_at is None and (self.has_password or self.issuer is not None)

    def actor(self, mode: Mode) -> Actor:
        return Actor(self.id, self.name, self.role, mode)


UserList = list[User]  # within the class the word `list` is a method


@dataclass(frozen=True)
class Users:
    """Only an admin changes them: anybody else gets a `NotAllowedError`."""

    database: Database

    def add(
        self,
        name: str,
        role: Role,
        *,
        password: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> User:
        """A new account. Without a password and without an identity somebody needs its `link` to come in.

        Raises:
            AccountError: a name that cannot be one or that there is, a role of no member, a weak password, or half an
                identity.
        """
        name = _clean(name)
        if role not in MEMBERS:
            raise AccountError(f"{role.value!r} is no role of an account. Choose one of: {', '.join(MEMBERS)}.")
        if (issuer is None) != (subject is None) or (issuer is not None and ("://" not in issuer or not subject)):
            raise AccountError(
                "A person at an identity provider is known by issuer and subject together, for example "
                "https://accounts.google.com and 110169484474386276334; an e-mail address does not say for good who "
                "somebody is. Whoever signs in and has no account is shown both."
            )
        row = {
            "id": secrets.token_hex(16),
            "name": name,
            "key": key_of_name(name),
            "role": role.value,
            "password": "" if password is None else hash_password(password),
            "issuer": issuer,
            "subject": subject,
            "created_at": utc_now(),
        }
        with deed(self.database, Action.MANAGE_PEOPLE, f"add {name} as {role.value}") as connection:
            if connection.scalar(select(USERS.c.id).where(USERS.c.key == row["key"])) is not None:
                raise AccountError(f"There is an account {name!r} already. Choose another name.")
            same = select(USERS.c.name).where(USERS.c.issuer == issuer, USERS.c.subject == subject)
            if issuer is not None and (other := connection.scalar(same)) is not None:
                raise AccountError(f"This person has the account {other!r} already.")
            connection.execute(insert(USERS), row)
            return _read(connection, str(row["id"]))

    def list(self) -> UserList:
        """All accounts by name."""
        with self.database.read() as connection:
            return _all(connection)

    def named(self, name: str) -> User:
        """
        Raises:
            UnknownNameError: there is no such account.
        """
        users = self.list()
        found = next((user for user in users if key_of_name(user.name) == key_of_name(name)), None)
        if found is None:
            raise UnknownNameError("account", name, [user.name for user in users])
        return found

    def called(self, id: str) -> str | None:
        """The name of an account; None where there is none of that id (any more)."""
        with self.database.read() as connection:
            return connection.scalar(select(USERS.c.name).where(USERS.c.id == id))

    def by_identity(self, issuer: str, subject: str) -> User | None:
        """Whom a provider calls so, letter by letter; None for nobody."""
        with self.database.read() as connection:
            query = select(USERS.c.id).where(USERS.c.issuer == issuer, USERS.c.subject == subject)
            id = connection.scalar(query)
            return None if id is None else _read(connection, id)

    def set_role(self, id: str, role: Role) -> User:
        """
        Raises:
            AccountError: a role of no member, or nobody would be, or could come in as, an admin any more.
        """
        if role not in MEMBERS:
            raise AccountError(f"{role.value!r} is no role of an account. Choose one of: {', '.join(MEMBERS)}.")
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: role {role.value}") as connection:
            with _keeping_an_admin(connection):
                connection.execute(update(USERS).where(USERS.c.id == id).values(role=role.value))
            return _read(connection, id)

    def set_password(self, id: str, password: str) -> None:
        """Whoever was in by the old one is out, and a link that was not used yet is void.

        Raises:
            AccountError: a weak password.
        """
        hashed = hash_password(password)
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: password") as connection:
            _set_password(connection, id, hashed)

    def link(self, id: str) -> str:
        """A token by which the account's person chooses a password, once; those made before are void."""
        token = secrets.token_urlsafe(32)
        row = {"token_hash": hash_of(token), "user": id, "expires_at": utc_now() + LINK_LIFE}
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: link to choose a password") as connection:
            connection.execute(delete(USER_LINKS).where(USER_LINKS.c.user == id))
            connection.execute(insert(USER_LINKS), row)
        return token

    def disable(self, id: str) -> User:
        """Nobody comes in by it, by a link neither, and whoever is in is out at once.

        Raises:
            AccountError: nobody would be, or could come in as, an admin any more.
        """
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: disabled") as connection:
            with _keeping_an_admin(connection):
                connection.execute(update(USERS).where(USERS.c.id == id).values(disabled_at=utc_now()))
                _end_sessions(connection, id)
            return _read(connection, id)

    def enable(self, id: str) -> User:
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: enabled") as connection:
            connection.execute(update(USERS).where(USERS.c.id == id).values(disabled_at=None))
            return _read(connection, id)

    def end_sessions(self, id: str) -> None:
        """Sign the person out everywhere; a link that was not used yet is void."""
        with deed(self.database, Action.MANAGE_PEOPLE, f"{self._name(id)}: signed out everywhere") as connection:
            _end_sessions(connection, id)

    def remove(self, id: str) -> None:
        """The account goes; what its person made stays, and is an admin's to change.

        Raises:
            AccountError: nobody would be, or could come in as, an admin any more.
        """
        name = self._name(id)
        with deed(self.database, Action.MANAGE_PEOPLE, f"{name}: removed") as connection, _keeping_an_admin(connection):
            connection.execute(delete(USERS).where(USERS.c.id == id))

    def _name(self, id: str) -> str:
        with self.database.read() as connection:
            return _read(connection, id).name


def require_link(database: Database, token: str) -> None:
    """Before somebody is asked to think of a password.

    Raises:
        SignInError: the link is not known, was used, or is too old, or its person may not come in.
    """
    with database.read() as connection:
        _person_of_link(connection, token)


def choose_password(database: Database, token: str, password: str) -> None:
    """What the person of a `link` does, once.

    Raises:
        SignInError: as in `require_link`.
        AccountError: a weak password.
    """
    require_link(database, token)  # before the work of a hash
    hashed = hash_password(password)
    with database.write() as connection:
        user = _person_of_link(connection, token)
        _set_password(connection, user.id, hashed)
        note(connection, user.actor(Mode.PASSWORD), "choose a password")


def _person_of_link(connection: Connection, token: str) -> User:
    table = USER_LINKS.c
    id = connection.scalar(select(table.user).where(table.token_hash == hash_of(token), table.expires_at > utc_now()))
    user = None if id is None else _read(connection, id)
    if user is None or user.disabled_at is not None:
        raise SignInError(
            "This link is not known, was used already, or is too old. If you chose a password by it, sign in with "
            "that; otherwise ask an admin for another link."
        )
    return user


def key_of_name(name: str) -> str:
    """One name, however it is typed."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:255]


def hash_of(token: str) -> str:
    """What is kept of a random token: nobody who reads the database can come in by it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _clean(name: str) -> str:
    """The name of a new account. One that was made by an older rule stays as it is, and signs in."""
    name = unicodedata.normalize("NFC", name).strip()
    fits = name[:1].isalnum() and all(sign in NAME_SIGNS or unicodedata.category(sign)[0] in "LMN" for sign in name)
    if not fits or not 0 < len(name) <= LONGEST_NAME or not key_of_name(name):
        raise AccountError(
            f"An account's name has 1 to {LONGEST_NAME} letters, digits, spaces and signs of {NAME_SIGNS.strip()}, and "
            f"begins with a letter or a digit; got {name[:90]!r}. Choose another name."
        )
    return name


def _set_password(connection: Connection, id: str, hashed: str) -> None:
    connection.execute(update(USERS).where(USERS.c.id == id).values(password=hashed))
    _end_sessions(connection, id)


def _end_sessions(connection: Connection, id: str) -> None:
    """Also the way to another one: whoever holds a link would come in by it."""
    connection.execute(delete(USER_LINKS).where(USER_LINKS.c.user == id))
    connection.execute(delete(USER_SESSIONS).where(USER_SESSIONS.c.user == id))
    connection.execute(update(USERS).where(USERS.c.id == id).values(valid_after=utc_now()))


@contextmanager
def _keeping_an_admin(connection: Connection) -> Iterator[None]:
    """Undoes what is done in it where it takes the last admin away, or the last one who can come in: who was invited
    and has chosen no password yet cannot help the others."""
    could = any(user.has_way_in for user in _admins(connection))
    yield
    left = _admins(connection)
    if not left:
        raise AccountError("Nobody would be an admin any more, so that nothing was changed. Make another admin first.")
    if could and not any(user.has_way_in for user in left):
        raise AccountError(
            "Nobody could come in as an admin any more, so that nothing was changed: "
            f"{', '.join(user.name for user in left)[:200]} has to choose a password first."
        )


def _admins(connection: Connection) -> UserList:
    return [user for user in _all(connection) if user.role == Role.ADMIN and user.disabled_at is None]


def _all(connection: Connection) -> UserList:
    now = utc_now()
    open_sessions = select(func.count()).where(USER_SESSIONS.c.user == USERS.c.id, is_open(now)).scalar_subquery()
    links = select(func.count()).where(USER_LINKS.c.user == USERS.c.id, USER_LINKS.c.expires_at > now).scalar_subquery()
    columns = [USERS.c[n] for n in User.__dataclass_fields__ if n in USERS.c]
    counted = (open_sessions.label("sessions"), links.label("has_link"))
    users = []
    for row in connection.execute(select(*columns, USERS.c.password, *counted).order_by(USERS.c.key)):
        known = {"role": Role(row.role), "has_password": bool(row.password), "has_link": bool(row.has_link)}
        values = {**row._mapping, **known}
        del values["password"]
        users.append(User(**values))
    return users


def _read(connection: Connection, id: str) -> User:
    found = next((user for user in _all(connection) if user.id == id), None)
    if found is None:
        raise AccountError("There is no such account any more.")
    return found
