"""Accounts: coming in, staying in, being shut out, and guessing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from bcos_core.access.actor import NOBODY, Actor, Mode, Role
from bcos_core.accounts import passwords, sessions
from bcos_core.accounts import users as accounts
from bcos_core.accounts.attempts import ACCOUNT, ADDRESS, count_try, key_of
from bcos_core.accounts.open_sessions import IDLE, end_session, open_sessions
from bcos_core.accounts.origin import origin_of
from bcos_core.accounts.schema import USERS
from bcos_core.accounts.sessions import actor_of, sign_in, sign_out
from bcos_core.accounts.users import LINK_LIFE, Users, choose_password, key_of_name
from bcos_core.cli.app import require_somebody
from bcos_core.cli.main import main
from bcos_core.errors import AccountError, InputError, NotAllowedError, SignInError, StorageError, TooManyTriesError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage import audit
from bcos_core.storage.audit import Outcome, entries
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.storage.upgrade import open_database

PASSWORD = "correct horse battery"


@pytest.fixture
def database(home: Home) -> Database:
    return open_database(home)


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database)


def test_the_hash_is_argon2s_and_the_password_is_nowhere(home: Home, database: Database, users: Users) -> None:
    ada = users.add("Ada", Role.ADMIN, password=PASSWORD)
    token = sign_in(database, " ADA ", PASSWORD)
    assert actor_of(database, token) == Actor(ada.id, "Ada", Role.ADMIN, Mode.PASSWORD)
    with database.read() as connection:
        assert str(connection.scalar(text("SELECT password FROM users"))).startswith("$argon2id$")
        assert connection.scalar(text("SELECT token_hash FROM user_sessions")) != token
    if database.is_sqlite:
        stored = b"".join(file.read_bytes() for file in Path(home.root).glob("*.sqlite3*"))
        assert PASSWORD.encode() not in stored and token.encode() not in stored


def test_one_answer_for_whoever_is_not_let_in(
    database: Database, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account, another password, disabled, none yet: the same words, and a hash is computed each time."""
    users.add("Root", Role.ADMIN, password=PASSWORD)
    users.add("Ada", Role.VIEWER, password=PASSWORD)
    gone = users.add("Ben", Role.VIEWER, password=PASSWORD)
    users.disable(gone.id)
    users.add("Cleo", Role.VIEWER)
    checked: list[str] = []
    verify = passwords._HASHER.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return bool(verify(stored, password))

        hash = staticmethod(passwords._HASHER.hash)

    passwords._of_nobody()
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    said = set()
    for name, password in (("Nobody", PASSWORD), ("Ada", "wrong wrong wrong"), ("Ben", PASSWORD), ("Cleo", "")):
        with pytest.raises(SignInError) as refused:
            sign_in(database, name, password)
        said.add(str(refused.value))
    assert len(said) == 1 and len(checked) == 4
    refusals = entries(database, action="sign in", outcome=Outcome.REFUSED)
    assert [entry.subject for entry in refusals] == ["Cleo", "Ben", "Ada", ""]  # no name that nobody has is kept


@pytest.mark.parametrize("token", ["", "x", "é" * 40, "\ud800", "a" * 10_000, "' OR 1=1 --"])
def test_a_forged_token_is_nobodys(database: Database, users: Users, token: str) -> None:
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    sign_in(database, "Ada", PASSWORD)
    assert actor_of(database, token) == NOBODY


def test_the_hash_in_the_database_lets_nobody_in(database: Database, users: Users) -> None:
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    sign_in(database, "Ada", PASSWORD)
    with database.read() as connection:
        stored = connection.scalar(text("SELECT token_hash FROM user_sessions"))
    assert actor_of(database, str(stored)) == NOBODY


def test_what_ends_sessions(database: Database, users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add("Root", Role.ADMIN, password=PASSWORD)
    ada = users.add("Ada", Role.VIEWER, password=PASSWORD)

    def two() -> tuple[str, str]:
        return sign_in(database, "Ada", PASSWORD), sign_in(database, "Ada", PASSWORD)

    first, second = two()
    sign_out(database, first)
    assert actor_of(database, first) == NOBODY and actor_of(database, second).id == ada.id
    users.set_role(ada.id, Role.RESEARCHER)
    assert actor_of(database, second).role == Role.RESEARCHER  # at once
    for end in (users.end_sessions, users.disable, lambda id: users.set_password(id, PASSWORD)):
        users.enable(ada.id)
        tokens = two()
        end(ada.id)
        assert [actor_of(database, token) for token in tokens] == [NOBODY, NOBODY]
    users.enable(ada.id)
    token = sign_in(database, "Ada", PASSWORD)
    later = utc_now() + IDLE + timedelta(minutes=1)
    monkeypatch.setattr(sessions, "utc_now", lambda: later)
    assert actor_of(database, token) == NOBODY


def ways_to_lose(users: Users, admin: str) -> tuple[Callable[[], object], ...]:
    """Each takes the admin away."""
    return (
        lambda: users.set_role(admin, Role.VIEWER),
        lambda: users.disable(admin),
        lambda: users.remove(admin),
    )


def test_there_is_always_an_admin(users: Users) -> None:
    root = users.add("Root", Role.ADMIN, password=PASSWORD)
    for act in ways_to_lose(users, root.id):
        with pytest.raises(AccountError, match="Nobody would be an admin any more"):
            act()
    assert users.named("root") == root
    other = users.add("Other", Role.ADMIN, password=PASSWORD)
    users.disable(root.id)
    with pytest.raises(AccountError, match="Nobody would be an admin"):
        users.remove(other.id)


def test_the_last_admin_who_can_come_in_stays_one(users: Users) -> None:
    """Somebody who was invited, and has chosen no password yet, is no admin who could help the others."""
    root = users.add("Root", Role.ADMIN, password=PASSWORD)
    invited = users.add("Ada", Role.ADMIN)
    token = users.link(invited.id)
    assert users.named("Ada").has_link and not users.named("Ada").has_way_in
    for act in ways_to_lose(users, root.id):
        with pytest.raises(AccountError, match="Ada has to choose a password first"):
            act()
    assert users.named("root") == root
    choose_password(users.database, token, PASSWORD)
    assert users.named("Ada").has_way_in and not users.named("Ada").has_link
    users.remove(root.id)


def test_a_teams_server_starts_where_an_admin_can_come_in(
    users: Users, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a password, or by a link to choose one while it holds."""
    store = JobStore.open(home)
    with pytest.raises(InputError, match="There is no admin yet"):
        require_somebody(store)
    ada = users.add("Ada", Role.ADMIN)
    with pytest.raises(InputError, match="'Ada' has no password, and no link"):
        require_somebody(store)
    assert main(["users", "list"]) == 0 and "no link to choose one" in capsys.readouterr().out
    users.link(ada.id)
    require_somebody(store)
    assert main(["users", "list"]) == 0 and "has chosen no password yet" in capsys.readouterr().out
    later = utc_now() + LINK_LIFE
    with monkeypatch.context() as patch:
        patch.setattr(accounts, "utc_now", lambda: later)
        with pytest.raises(InputError, match="'Ada' has no password"):
            require_somebody(store)
    users.set_password(ada.id, PASSWORD)
    require_somebody(store)
    assert main(["users", "list"]) == 0 and "0 open sessions" in capsys.readouterr().out


def test_before_anybody_can_come_in_as_an_admin_the_others_are_managed_all_the_same(users: Users) -> None:
    users.add("Ada", Role.ADMIN)
    vic = users.add("Vic", Role.VIEWER, password=PASSWORD)
    assert users.disable(vic.id).disabled_at is not None


def test_names_are_taken_once_however_they_are_typed(users: Users) -> None:
    users.add("Strasse", Role.ADMIN, password=PASSWORD)
    for name in ("strasse", "STRASSE ", "straße", "ｓtrasse"):
        with pytest.raises(AccountError, match="already"):
            users.add(name, Role.VIEWER)
    for name in ("", "   ", "a\nb", "x" * 81):
        with pytest.raises(AccountError, match="letters, digits, spaces"):
            users.add(name, Role.VIEWER)
    with pytest.raises(AccountError, match="12 to"):
        users.add("Ada", Role.VIEWER, password="short")
    with pytest.raises(AccountError, match="no role of an account"):
        users.add("Ada", Role.RATER)


def test_a_link_works_once(database: Database, users: Users) -> None:
    ada = users.add("Ada", Role.ADMIN)
    void, token = users.link(ada.id), users.link(ada.id)
    with pytest.raises(AccountError, match="12 to"):
        choose_password(database, token, "short")
    for wrong in (void, "guess", ""):
        with pytest.raises(SignInError, match="not known"):
            choose_password(database, wrong, PASSWORD)
    choose_password(database, token, PASSWORD)
    with pytest.raises(SignInError, match="used already"):
        choose_password(database, token, "another password")
    assert actor_of(database, sign_in(database, "Ada", PASSWORD)).id == ada.id


@pytest.mark.parametrize(
    "end",
    [
        lambda users, id: users.set_password(id, PASSWORD),
        lambda users, id: users.end_sessions(id),
        lambda users, id: (users.disable(id), users.enable(id)),
    ],
)
def test_what_ends_sessions_voids_the_link(
    database: Database, users: Users, end: Callable[[Users, str], object]
) -> None:
    """Whoever has got hold of a link does not come in by it after an admin has shut them out."""
    users.add("Root", Role.ADMIN, password=PASSWORD)
    ada, ben = users.add("Ada", Role.VIEWER), users.add("Ben", Role.VIEWER)
    token, other = users.link(ada.id), users.link(ben.id)
    end(users, ada.id)
    with pytest.raises(SignInError, match="not known"):
        choose_password(database, token, "another password")
    choose_password(database, other, PASSWORD)  # somebody else's stays
    choose_password(database, users.link(ada.id), PASSWORD)


def test_guesses_wait_ever_longer(database: Database) -> None:
    """By hand: five are free, then 1, 2, 4, … seconds, a minute at most."""
    assert [ACCOUNT.delay(n).total_seconds() for n in (1, 5, 6, 7, 8, 11, 12, 500)] == [0, 0, 1, 2, 4, 32, 60, 60]
    now, key = utc_now(), key_of("account", "ada")
    for _ in range(6):
        count_try(database, {key: ACCOUNT}, now=now)
    with pytest.raises(TooManyTriesError, match="Wait 1 s"):
        count_try(database, {key: ACCOUNT}, now=now)
    count_try(database, {key: ACCOUNT}, now=now + timedelta(seconds=1))
    with pytest.raises(TooManyTriesError, match="Wait 2 s"):
        count_try(database, {key: ACCOUNT}, now=now + timedelta(seconds=1))
    count_try(database, {key_of("account", "ben"): ACCOUNT}, now=now)  # another one does not wait
    count_try(database, {key: ACCOUNT}, now=now + timedelta(hours=2))  # and later it is forgotten
    count_try(database, {key: ACCOUNT}, now=now + timedelta(hours=2))


def test_many_names_from_one_address_wait_too(database: Database) -> None:
    now, address = utc_now(), key_of("address", "203.0.113.7")
    for number in range(21):
        count_try(database, {key_of("account", str(number)): ACCOUNT, address: ADDRESS}, now=now)
    with pytest.raises(TooManyTriesError):
        count_try(database, {key_of("account", "new"): ACCOUNT, address: ADDRESS}, now=now)


def test_a_right_password_while_waiting_is_not_looked_at(database: Database, users: Users) -> None:
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    for _ in range(6):
        with pytest.raises(SignInError, match="No account"):
            sign_in(database, "Ada", "wrong wrong wrong")
    with pytest.raises(TooManyTriesError):
        sign_in(database, "Ada", PASSWORD)


def test_who_may_not_is_refused_where_it_is_done_and_it_is_in_the_log(home: Home, database: Database) -> None:
    """A researcher's job, a viewer and another researcher at it, then an admin."""
    store = JobStore.open(home)
    ann, bob, vic, root = (
        Actor(letter * 32, letter, role, Mode.PASSWORD)
        for letter, role in (("a", Role.RESEARCHER), ("b", Role.RESEARCHER), ("v", Role.VIEWER), ("r", Role.ADMIN))
    )
    job, _ = store.acting(ann).submit("train", "Mine", {}, "key")
    assert job.owner == ann.id
    for actor in (vic, bob, NOBODY):
        with pytest.raises(NotAllowedError):
            store.acting(actor).cancel(job.id)
    assert store.get(job.id).active
    with pytest.raises(NotAllowedError):
        store.acting(vic).submit("train", "Theirs", {}, "other")
    with pytest.raises(NotAllowedError):
        Users(database.acting(bob)).add("Eve", Role.ADMIN, password=PASSWORD)
    store.acting(root).cancel(job.id)
    store.acting(ann).delete(job.id)
    told = [(entry.name[:1], entry.action, entry.outcome.value) for entry in reversed(entries(database))]
    assert told == [
        ("a", "start a job", "done"),
        ("v", "cancel a job", "refused"),
        ("b", "cancel a job", "refused"),
        ("s", "cancel a job", "refused"),
        ("v", "start a job", "refused"),
        ("b", "manage people", "refused"),
        ("r", "cancel a job", "done"),
        ("a", "delete a job", "done"),
    ]
    assert Users(database).list() == []
    with pytest.raises(NotAllowedError, match="may not see the log"):
        entries(database.acting(ann))


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET name = 'nobody'"])
def test_the_log_only_grows(home: Home, database: Database, statement: str) -> None:
    JobStore.open(home).submit("train", "Mine", {}, "key")
    with pytest.raises((StorageError, IntegrityError)), database.write() as connection:
        connection.execute(text(statement))
    assert len(entries(database)) == 1


def test_an_admin_sees_where_somebody_is_signed_in_and_ends_one(database: Database, users: Users) -> None:
    ada = users.add("Ada", Role.ADMIN, password=PASSWORD)
    at_home = sign_in(database, "Ada", PASSWORD)
    away = sign_in(database, "Ada", PASSWORD, address="203.0.113.7")
    assert {one.address for one in open_sessions(database, ada.id, now=utc_now())} == {"", "203.0.113.7"}
    there = next(one for one in open_sessions(database, ada.id, now=utc_now()) if one.address)
    assert actor_of(database, there.id) == NOBODY  # what is shown lets nobody in
    for act in (lambda db: open_sessions(db, ada.id, now=utc_now()), lambda db: end_session(db, ada.id, there.id)):
        with pytest.raises(NotAllowedError, match="may not manage people"):
            act(database.acting(Actor("v", "Vic", Role.VIEWER, Mode.PASSWORD)))
    with pytest.raises(AccountError, match="ended already"):
        end_session(database, "b" * 32, there.id)  # somebody else's
    end_session(database, ada.id, there.id)
    assert actor_of(database, away) == NOBODY and actor_of(database, at_home).id == ada.id
    assert users.named("Ada").sessions == 1
    later = utc_now() + IDLE
    assert open_sessions(database, ada.id, now=later) == []
    assert entries(database)[0].subject == "Ada: one session ended"


def test_an_address_of_many_who_sign_in_does_not_wait(database: Database, users: Users) -> None:
    """Who is right counts nothing, and gives nobody further guesses at other accounts either."""
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    for _ in range(ADDRESS.free + 5):
        sign_in(database, "Ada", PASSWORD, address="203.0.113.7")
    now, address = utc_now(), key_of("address", "203.0.113.7")
    for number in range(ADDRESS.free):
        count_try(database, {key_of("account", str(number)): ACCOUNT, address: ADDRESS}, now=now)
    sign_in(database, "Ada", PASSWORD, address="203.0.113.7")
    count_try(database, {key_of("account", "x"): ACCOUNT, address: ADDRESS})
    with pytest.raises(TooManyTriesError):
        count_try(database, {key_of("account", "y"): ACCOUNT, address: ADDRESS})


def test_guesses_that_wait_write_nothing(database: Database, users: Users) -> None:
    """Neither the log nor the counts grow by them, however many come."""
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    for _ in range(6):
        with pytest.raises(SignInError, match="No account"):
            sign_in(database, "Ada", "wrong wrong wrong")
    before = len(entries(database))
    for _ in range(3):
        with pytest.raises(TooManyTriesError):
            sign_in(database, "Ada", "wrong wrong wrong")
    assert len(entries(database)) == before


@pytest.mark.parametrize("name", ["a\x00b", "\x00", "Ada\n", "\ud800", "", "x" * 100_000])
def test_a_name_that_none_can_have_is_nobodys(database: Database, users: Users, name: str) -> None:
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    with pytest.raises(SignInError, match="No account has this name"):
        sign_in(database, name, PASSWORD)


@pytest.mark.parametrize(
    "address, origin",
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("127.8.8.8", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("no address" * 20, ("no address" * 20)[:64]),
    ],
)
def test_whence_somebody_comes(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def test_other_addresses_of_the_same_network_give_no_more_guesses(database: Database, users: Users) -> None:
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    for number in range(ADDRESS.free + 1):
        with pytest.raises(SignInError, match="No account"):
            sign_in(database, f"nobody {number}", "wrong", address=f"2001:db8::{number + 1:x}:1")
    with pytest.raises(TooManyTriesError):
        sign_in(database, "Ada", PASSWORD, address="2001:db8::ffff:1")
    sign_in(database, "Ada", PASSWORD, address="2001:db8:0:1::1")  # another one's
    (ada,) = users.list()
    assert [one.address for one in open_sessions(database, ada.id, now=utc_now())] == ["2001:db8:0:1::/64"]
    assert {entry.subject for entry in entries(database, outcome=Outcome.REFUSED)} == {"2001:db8::/64"}


def test_strangers_do_not_fill_the_log(
    database: Database, users: Users, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From however many networks: of an hour so many refusals are written, and what is done is always."""
    monkeypatch.setattr(audit, "REFUSED_IN_AN_HOUR", 5)
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    for number in range(9):
        with pytest.raises(SignInError, match="No account"):
            sign_in(database, f"nobody {number}", "wrong", address=f"203.0.113.{number}")
    refused = entries(database, outcome=Outcome.REFUSED)
    assert [entry.subject for entry in refused] == [f"203.0.113.{number}" for number in (4, 3, 2, 1, 0)]
    assert ["further ones are not" in entry.detail for entry in refused] == [True] + [False] * 4
    vic = Actor("v" * 32, "Vic", Role.VIEWER, Mode.PASSWORD)
    with pytest.raises(NotAllowedError):
        store.acting(vic).submit("train", "Theirs", {}, "key")  # whoever is known has a count of their own
    sign_in(database, "Ada", PASSWORD, address="203.0.113.200")
    assert [(entry.name, entry.action) for entry in entries(database, limit=2)] == [
        ("Ada", "sign in"),
        ("Vic", "start a job"),
    ]
    later = utc_now() + timedelta(hours=1, minutes=1)
    monkeypatch.setattr(audit, "utc_now", lambda: later)
    with pytest.raises(SignInError, match="No account"):
        sign_in(database, "nobody", "wrong", address="203.0.113.77")
    assert entries(database, limit=1)[0].subject == "203.0.113.77"


@pytest.mark.parametrize(
    "name", ["Ada", "7", "Dr. Anne-Marie O’Brien (lab)", "ada@example.org", "Ørsted, H. C.", "अनिता", "李雷"]
)
def test_names_of_people_and_mail_addresses_are_names(users: Users, name: str) -> None:
    assert users.add(name, Role.ADMIN, password=PASSWORD).name == name


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc", "..", ".ada", "a/b", "a\\b", "<b>ada</b>", "ada:", "-ada", "a\u202eb", "a\tb", "👩", "a*b*"],
)
def test_what_is_no_name_of_a_person_is_refused_with_the_rule(users: Users, name: str) -> None:
    with pytest.raises(AccountError, match="letters, digits, spaces and signs of .*begins with a letter or a digit"):
        users.add(name, Role.ADMIN, password=PASSWORD)
    assert users.list() == []


def test_an_account_of_an_older_rule_stays(database: Database, users: Users) -> None:
    ada = users.add("Ada", Role.ADMIN, password=PASSWORD)
    with database.write() as connection:
        connection.execute(update(USERS).values(name="../../x", key=key_of_name("../../x")))
    token = sign_in(database, "../../x", PASSWORD)
    assert actor_of(database, token).name == "../../x" and users.named("../../X").id == ada.id
    users.set_role(ada.id, Role.ADMIN)
