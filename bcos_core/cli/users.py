"""`python -m bcos_core users`: the accounts of a team's dashboard."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bcos_core.errors import AccountError
from bcos_core.numbers import count

if TYPE_CHECKING:
    from bcos_core.accounts.users import User, Users

ROLES = ("viewer", "researcher", "admin")
DESCRIPTION = """Accounts for `python -m bcos_core app --team`. Viewers browse, researchers run jobs and studies,
admins do all that with everybody's and manage people. A password is asked for, never an argument."""
EXAMPLES = """examples:
  python -m bcos_core users add ada --role admin
  python -m bcos_core users add ben --role researcher --link
  python -m bcos_core users add eve --role viewer --issuer https://login.example.org --subject 4711
  python -m bcos_core users list
  python -m bcos_core users role ben viewer
  python -m bcos_core users disable ben
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "users", help="accounts of a team's dashboard", description=DESCRIPTION, epilog=EXAMPLES
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")
    adding = actions.add_parser("add", help="make an account")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", choices=ROLES, default="viewer", help="default: viewer")
    adding.add_argument("--link", action="store_true", help="print a link by which the person chooses a password, once")
    adding.add_argument("--issuer", metavar="URL", help="of an identity provider, with --subject")
    adding.add_argument("--subject", metavar="ID", help="who the person is there")
    adding.set_defaults(run=add, show=show_user)
    listing = actions.add_parser("list", help="list the accounts")
    listing.set_defaults(run=list_users, show=show_users)
    role = actions.add_parser("role", help="change what somebody may do")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=ROLES)
    role.set_defaults(run=set_role, show=show_user)
    password = actions.add_parser("password", help="set a new password, or print a link to choose one")
    password.add_argument("name", metavar="NAME")
    password.add_argument("--link", action="store_true", help="print a link instead, which works once")
    password.set_defaults(run=set_password, show=show_user)
    for name, run, told in (
        ("disable", disable, "let somebody in no more; who is in is out at once"),
        ("enable", enable, "let somebody in again"),
        ("sign-out", sign_out, "end all sessions of somebody"),
        ("remove", remove, "remove an account; what its person made stays"),
    ):
        one = actions.add_parser(name, help=told)
        one.add_argument("name", metavar="NAME")
        one.set_defaults(run=run, show=show_user)


def add(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        AccountError: an account that cannot be made.
    """
    from bcos_core.access.actor import Role

    users = _users()
    has_identity = args.issuer is not None or args.subject is not None
    password = None if args.link or has_identity else _ask()
    user = users.add(args.name, Role(args.role), password=password, issuer=args.issuer, subject=args.subject)
    return {**_told(user), **({"link": _link(users, user)} if args.link else {})}


def list_users(args: argparse.Namespace) -> dict[str, Any]:
    return {"users": [_told(user) for user in _users().list()]}


def set_role(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        AccountError: nobody would be an admin any more.
    """
    from bcos_core.access.actor import Role

    users = _users()
    return _told(users.set_role(users.named(args.name).id, Role(args.role)))


def set_password(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        AccountError: a weak password.
    """
    users = _users()
    user = users.named(args.name)
    if args.link:
        return {**_told(user), "link": _link(users, user)}
    users.set_password(user.id, _ask())
    return _told(users.named(args.name))


def disable(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        AccountError: nobody would be an admin any more.
    """
    users = _users()
    return _told(users.disable(users.named(args.name).id))


def enable(args: argparse.Namespace) -> dict[str, Any]:
    users = _users()
    return _told(users.enable(users.named(args.name).id))


def sign_out(args: argparse.Namespace) -> dict[str, Any]:
    users = _users()
    users.end_sessions(users.named(args.name).id)
    return _told(users.named(args.name))


def remove(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        AccountError: nobody would be an admin any more.
    """
    users = _users()
    user = users.named(args.name)
    users.remove(user.id)
    return {**_told(user), "removed": True}


def show_user(result: dict[str, Any]) -> str:
    if result.get("removed"):
        return f"{result['name']} was removed."
    line = _line(result)
    link = f"\nOnce, within two days, at your dashboard's own address: {result['link']}" if "link" in result else ""
    return line + link


def show_users(result: dict[str, Any]) -> str:
    lines = [_line(user) for user in result["users"]]
    return "\n".join(lines) or "No accounts yet. `python -m bcos_core users add NAME --role admin` makes the first."


def _line(user: dict[str, Any]) -> str:
    if user["disabled_at"]:
        state = "disabled"
    elif not user["has_password"] and user["issuer"] is None:
        state = "has chosen no password yet" if user["has_link"] else "has no password and no link to choose one"
    else:
        state = count(user["sessions"], "open session")
    return f"{user['name']}  {user['role']}  {state}"


def _told(user: User) -> dict[str, Any]:
    return asdict(user)


def _users() -> Users:
    from bcos_core.accounts.users import Users
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database

    return Users(open_database(get_home()))


def _link(users: Users, user: User) -> str:
    return f"/choose-password?token={users.link(user.id)}"


def _ask() -> str:
    """Typed twice, or, where no terminal is there, one line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise AccountError("The two passwords are not the same. Nothing was changed.")
    return first
