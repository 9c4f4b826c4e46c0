"""People: who may come in and what they may do, and the log of who did what."""

from __future__ import annotations

from bcos_core.access.table import Action
from pages.people.accounts import show_accounts
from pages.people.record import show_log
from pages.widgets.errors import guard
from pages.widgets.frame import head

head("People", "Who may come in, what they may do, and who did what.", action=Action.MANAGE_PEOPLE)
with guard():
    show_accounts()
with guard():
    show_log()
