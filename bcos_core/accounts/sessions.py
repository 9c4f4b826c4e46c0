"""Coming in by a password, and staying in: a random token in the browser's cookie, its hash in the database."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from bcos_core.access.actor import NOBODY, Actor, Mode, Role
from bcos_core.accounts.attempts import ACCOUNT, ADDRESS, count_try, forgive, key_of, take_back
from bcos_core.accounts.open_sessions import LIFE, is_open
from bcos_core.accounts.origin import origin_of
from bcos_core.accounts.passwords import fits, hash_password, is_outdated
from bcos_core.accounts.schema import USER_SESSIONS, USERS
from bcos_core.accounts.users import hash_of, key_of_name
from bcos_core.errors import SignInError
from bcos_core.storage.audit import note, note_refused
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now

_SEEN_EVERY = timedelta(minutes=5)


def sign_in(database: Database, name: str, password: str, *, address: str = "") -> str:
    """The token of a new session. `address` is whence it comes, "" where that is not known. It is counted, and written
    down, as `origin_of` has it: this machine is not counted.

    Raises:
        TooManyTriesError: too many guesses came before, at this name or from this address.
        SignInError: there is no such account, it is disabled, or the password is another one: the same answer to all.
    """
    origin = origin_of(address)
    account, place = key_of("account", key_of_name(name)), key_of("address", origin)
    count_try(database, {account: ACCOUNT, **({place: ADDRESS} if origin else {})})
    query = select(USERS.c.id, USERS.c.name, USERS.c.role, USERS.c.password, USERS.c.disabled_at)
    key = key_of_name(name) if name.isprintable() else ""  # nobody's: a name has no character that PostgreSQL refuses
    with database.read() as connection:
        row = connection.execute(query.where(USERS.c.key == key)).first()
    stored = "" if row is None or row.disabled_at is not None else row.password
    if not fits(stored, password) or row is None:
        # A name that no account has is not kept: it may be a password, typed into the wrong field.
        subject = origin if row is None else f"{row.name} {origin}".strip()
        note_refused(database.acting(NOBODY), "sign in", subject, detail="no such name with this password")
        raise SignInError("No account has this name with this password. Check both, and try again.")
    forgive(database, account)
    take_back(database, place)  # whoever has an account does not thereby get more guesses at those of others
    token, now = secrets.token_urlsafe(32), utc_now()
    session = {
        "token_hash": hash_of(token),
        "user": row.id,
        "address": origin,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LIFE,
    }
    hashed = hash_password(password) if is_outdated(stored) else stored
    with database.write() as connection:
        connection.execute(delete(USER_SESSIONS).where(USER_SESSIONS.c.expires_at <= now))
        # Of an account that was disabled, or got another password, meanwhile, nobody comes in.
        still = (USERS.c.id == row.id) & USERS.c.disabled_at.is_(None) & (USERS.c.password == stored)
        if connection.execute(update(USERS).where(still).values(password=hashed)).rowcount == 0:
            raise SignInError("No account has this name with this password. Check both, and try again.")
        connection.execute(insert(USER_SESSIONS), session)
        note(connection, Actor(row.id, row.name, Role(row.role), Mode.PASSWORD), "sign in", origin)
    return token


def actor_of(database: Database, token: str, *, used: bool = True) -> Actor:
    """Whose session it is, with the role that they have now; `NOBODY` where it is nobody's (any more). Where it is not
    `used`, as by a page that asks by itself, it ends as if nobody had asked."""
    if not token:
        return NOBODY
    now, table = utc_now(), USER_SESSIONS.c
    query = (
        select(USERS.c.id, USERS.c.name, USERS.c.role, table.seen_at)
        .join(USER_SESSIONS, table.user == USERS.c.id)
        .where(table.token_hash == hash_of(token), is_open(now))
        .where(USERS.c.disabled_at.is_(None))
    )
    with database.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return NOBODY
    if used and now - row.seen_at > _SEEN_EVERY:
        with database.write() as connection:
            connection.execute(update(USER_SESSIONS).where(table.token_hash == hash_of(token)).values(seen_at=now))
    return Actor(row.id, row.name, Role(row.role), Mode.PASSWORD)


def sign_out(database: Database, token: str) -> None:
    """End one session; the others of the same person go on."""
    actor = actor_of(database, token)
    with database.write() as connection:
        ended = connection.execute(delete(USER_SESSIONS).where(USER_SESSIONS.c.token_hash == hash_of(token))).rowcount
        if ended:
            note(connection, actor, "sign out")
