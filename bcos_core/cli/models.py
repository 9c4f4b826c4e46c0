"""`python -m bcos_core models`: the trained checkpoints, what people say of them, and what can be converted."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.cli.checkpoints import find_checkpoint
from bcos_core.errors import InputError

if TYPE_CHECKING:
    from bcos_core.model.about import About
    from bcos_core.model.info import CheckpointInfo

EPILOG = """examples:
  python -m bcos_core models
  python -m bcos_core models rename quickstart-20261124-153012-ab12 "My model"
  python -m bcos_core models tag "My model" baseline "for the paper"
  python -m bcos_core models delete "My model" --twin --dry-run --json
"""

Run = Callable[[argparse.Namespace], dict[str, Any]]
Show = Callable[[dict[str, Any]], str]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command."""
    parser = subparsers.add_parser(
        "models",
        help="list, name and delete trained checkpoints; list supported families",
        description="List the trained checkpoints, newest first, and the model families that can be converted; "
        "or name, tag, annotate or delete one. A model is named by what it is called, or by its folder.",
        epilog=EPILOG,
    )
    parser.set_defaults(run=run, show=show)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")

    def add(name: str, run: Run, show: Show, about: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=about, description=f"{about[:1].upper()}{about[1:]}.")
        action.set_defaults(run=run, show=show)
        if name not in ("trash", "restore"):
            action.add_argument("model", help="what the model is called, its folder's name, or a path")
        return action

    renaming = add("rename", rename, show_about, "give a model a name; what was computed with it stays known")
    renaming.add_argument("name", help='the new name; "" takes it away')
    tagging = add("tag", tag, show_about, "add tags to a model, or remove some")
    tagging.add_argument("tags", nargs="+", metavar="TAG", help="a tag")
    tagging.add_argument("--remove", action="store_true", help="remove these tags")
    noting = add("note", note, show_about, "write notes about a model")
    noting.add_argument("text", help='the notes, in the place of those there are; "" removes them')
    deleting = add("delete", delete, show_deleted, "move a model to the trash, and say what hangs on it")
    deleting.add_argument("--twin", action="store_true", help="its twin too")
    deleting.add_argument(
        "--results", action="store_true", help="also its evaluations, audits and words, which cannot be taken back"
    )
    deleting.add_argument("--dry-run", action="store_true", help="only say what hangs on it")
    emptying = add("trash", trash, show_trash, "list what lies in the trash, or empty it")
    emptying.add_argument("--empty", action="store_true", help="remove it for good, with what is remembered of it")
    restoring = add("restore", restore, show_restored, "take models back from the trash")
    restoring.add_argument("id", help="as `models trash` lists it")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"checkpoints": [CheckpointInfo…], "language_models": [CheckpointInfo…], "left_out": [{"name", "reason"}…],
    "families": […], "embedded": name, "database": what is wrong with it, or ""}`. Models are folders: they are listed
    whatever the database is."""
    from dataclasses import asdict

    from bcos_core.families import FAMILIES
    from bcos_core.home import get_home
    from bcos_core.model.embedded import EMBEDDED
    from bcos_core.model.identity import checkpoint_notes
    from bcos_core.model.info import list_checkpoints, list_language_models

    listing, speaking = list_checkpoints(get_home()), list_language_models(get_home())
    folders = {info.path.name for info in speaking}

    def said(models: Iterable[CheckpointInfo]) -> list[dict[str, Any]]:
        return [{**asdict(info), "path": str(info.path), "warnings": checkpoint_notes(info)} for info in models]

    return {
        "checkpoints": said(listing),
        "language_models": said(speaking),
        "left_out": [asdict(one) for one in listing.left_out if one.name not in folders],
        "families": [family.title for family in FAMILIES.values()],
        "embedded": EMBEDDED,
        "database": _wrong_with_database(),
    }


def _wrong_with_database() -> str:
    """In words, as one that a newer program has made; "" where there is none yet, or it can be used."""
    from bcos_core.errors import StorageError
    from bcos_core.home import get_home
    from bcos_core.storage.database import Database, open_engine
    from bcos_core.storage.upgrade import revisions_of

    try:
        database = Database(open_engine(get_home()))
        of_file = database.engine.url.database if database.is_sqlite else None
        if of_file is None or Path(of_file).is_file():  # SQLite would make it
            revisions_of(database)
    except StorageError as error:
        return str(error)
    return ""


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = []
    for info in (*result["checkpoints"], *result["language_models"]):
        kind = f"B-cos, B = {info['b']:g}" if info["b"] is not None else "conventional"
        figures = "".join(f" · {figure}" for figure in _figures(info))
        answers = ", ".join(info["labels"]) or "language model"
        lines += [f"{info['name']}", f"    {kind} · {info['family']} · {answers}{figures}"]
        lines.append(f"    folder {info['path']}")
        if tags := info["about"]["tags"]:
            lines.append(f"    tags {', '.join(tags)}")
        lines += [f"    {line}" for line in info["about"]["notes"].splitlines()]
        lines += [f"    {note}" for note in info["warnings"]]
    if not lines:
        lines.append("No trained checkpoints yet. Start with: python -m bcos_core quickstart")
    lines += [f"Left out: {one['name']}. {one['reason']}" for one in result["left_out"]]
    if result["database"]:
        lines.append(f"What these models were used for cannot be told. {result['database']}")
    lines.append(f"Can be converted: {', '.join(result['families'])}. Embedded model: {result['embedded']}.")
    return "\n".join(lines)


def _figures(info: dict[str, Any]) -> list[str]:
    """What a model reached on its test texts, as pages write it."""
    from bcos_core.evaluate.figures import figure_in_words
    from bcos_core.tasks.next_token import NextToken
    from bcos_core.tasks.registry import TASK_TYPES

    kind = TASK_TYPES[info["task_type"]] if info["labels"] else NextToken
    found = [(one, info["metrics"].get(one.name)) for one in kind.metrics]
    return [
        figure_in_words(metric, value, info["test_size"], info["intervals"].get(metric.name))
        for metric, value in found
        if value is not None
    ]


def rename(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        InputError: a name that cannot be one, that another model has, or that a training will give.
    """
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.about import clean
    from bcos_core.shelf.titles import write_titles_anew
    from bcos_core.train.naming import require_free

    model, name, store = _model(args.model), clean(args.name), JobStore.open()
    if args.name and not name:
        raise InputError('The name is blank. Give one with a letter or digit, or "" to take the name away.')
    require_free(name, store, of=model)
    changed = _changed(model, lambda about: {"name": name})
    write_titles_anew(store)
    return changed


def tag(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        InputError: a tag that cannot be one.
    """
    from bcos_core.model.about import clean_tags

    given = clean_tags(part for tag in args.tags for part in tag.split(","))
    if not given:
        raise InputError("The tags are blank. Give one with a letter or digit.")
    named = {one.casefold() for one in given}

    def tagged(about: About) -> dict[str, Any]:
        if args.remove:
            return {"tags": tuple(one for one in about.tags if one.casefold() not in named)}
        return {"tags": clean_tags((*about.tags, *given))}

    return _changed(_model(args.model), tagged)


def note(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        InputError: notes that are too long.
    """
    if args.text and not args.text.strip():
        raise InputError('The notes are blank. Give some, or "" to remove those there are.')
    return _changed(_model(args.model), lambda about: {"notes": args.text.strip()})


def show_about(result: dict[str, Any]) -> str:
    tags = f" Tags: {', '.join(result['tags'])}." if result["tags"] else ""
    notes = f"\n{result['notes']}" if result["notes"] else ""
    return f"{result['path']} is called {result['name']!r}.{tags}{notes}"


def delete(args: argparse.Namespace) -> dict[str, Any]:
    """`{"deleted": [names], "id": in the trash or None, "uses": [sentences], "refusals": [sentences]}`.

    Raises:
        InputError: a study or a job needs the model.
    """
    from bcos_core.home import get_home
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.info import list_checkpoints
    from bcos_core.shelf.trash import put_away
    from bcos_core.shelf.uses import uses_of

    known, model = list_checkpoints(get_home()), _model(args.model)
    twins = [one for one in known if args.twin and one.path == model.path.parent / str(model.twin)]
    store = JobStore.open()
    uses = uses_of([model, *twins], known, store)
    done = None if args.dry_run else put_away(uses, store, with_results=args.results)
    return {
        "deleted": [one.name for one in uses.models] if done else [],
        "id": done.id if done else None,
        "uses": list(uses.sentences),
        "refusals": list(uses.refusals),
    }


def show_deleted(result: dict[str, Any]) -> str:
    lines = [*result["uses"], *result["refusals"]] or ["Nothing else hangs on it."]
    if result["id"]:
        lines.append(
            f"In the trash: {', '.join(result['deleted'])}. "
            f"Take back: python -m bcos_core models restore {result['id']}"
        )
    return "\n".join(lines)


def trash(args: argparse.Namespace) -> dict[str, Any]:
    """`{"trash": [{"id", "at", "models", "bytes"}…], "emptied": whether, "database": as `run` says it}`."""
    from bcos_core.home import get_home
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.folder import folder_bytes
    from bcos_core.shelf.trash import remove_for_good, trashed

    rows = [
        {
            "id": one.id,
            "at": one.at.isoformat(),
            "models": [model.name for model in one.models],
            "bytes": sum(folder_bytes(model.path) for model in one.models),
        }
        for one in trashed(get_home())
    ]
    if args.empty:
        store = JobStore.open()
        for row in rows:
            remove_for_good(store, str(row["id"]))
    return {"trash": rows, "emptied": args.empty, "database": _wrong_with_database()}


def show_trash(result: dict[str, Any]) -> str:
    from bcos_core.numbers import file_size

    lines = [f"{one['id']}  {', '.join(one['models'])}, {file_size(one['bytes'])}" for one in result["trash"]]
    lines = [*(["Removed for good:"] if result["emptied"] and lines else []), *lines] or ["The trash is empty."]
    return "\n".join([*lines, *([result["database"]] if result["database"] else [])])


def restore(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        InputError: there is nothing of that id, or another model lies in its place by now.
    """
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.info import read_any_info
    from bcos_core.shelf.trash import take_back

    return {"restored": [read_any_info(path).name for path in take_back(JobStore.open(), args.id)]}


def show_restored(result: dict[str, Any]) -> str:
    return f"Back again: {', '.join(result['restored'])}."


def _model(name: str) -> CheckpointInfo:
    from bcos_core.model.info import read_any_info

    if not name.strip():
        raise InputError("No model was named. `python -m bcos_core models` lists them.")
    return read_any_info(find_checkpoint(name).resolve())


def _changed(model: CheckpointInfo, change: Callable[[About], dict[str, Any]]) -> dict[str, Any]:
    from dataclasses import replace

    from bcos_core.home import get_home
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.about import read_about
    from bcos_core.model.info import read_any_info
    from bcos_core.shelf.describe import describe

    before = read_about(model.path)
    if model.path.parent == get_home().embedded.resolve():  # made anew by another version of its package
        raise InputError(f"{model.path} is an embedded model's: it keeps its name, without tags and notes.")
    about = describe(JobStore.open(), model.path, before, replace(before, **change(before)))
    return {
        "path": str(model.path),
        "name": read_any_info(model.path).name,
        "tags": list(about.tags),
        "notes": about.notes,
    }
