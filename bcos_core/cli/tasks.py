"""`python -m bcos_core tasks`: which tasks there are, and what one looks like before training on it."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.cli.task_arguments import add_task_arguments, said_of_task
from bcos_core.errors import DataError
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.examples import TaskData
from bcos_core.text.tasks import EMBEDDED_TASKS, EmbeddedTask, TaskChoice, load_task

_PREVIEW_EXAMPLES = 5
_EPILOG = """examples:
  python -m bcos_core tasks
  python -m bcos_core tasks --preview short-reviews
  python -m bcos_core tasks --preview file:reviews.csv --text-column review --label-column stars
  python -m bcos_core tasks --preview hub:stanfordnlp/imdb --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `tasks` command."""
    parser = subparsers.add_parser(
        "tasks",
        help="list the embedded tasks, or preview any task",
        description="List the embedded tasks; or, with --preview, show the classes, sizes, lengths and first texts "
        "of any task without training on it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preview", metavar="TASK", help="an embedded name, hub:OWNER/NAME, or file:PATH")
    add_task_arguments(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"tasks": […]}`, or `{"preview": {…}}` for one task.

    Raises:
        DataError: the task to preview cannot be used.
        HubUnavailableError: it is on the hub, which cannot be reached.
    """
    if args.preview is not None:
        choice = TaskChoice.parse(args.preview, **said_of_task(args))
        return {"preview": {"task": choice.argument, **_preview(load_task(choice))}}
    if any(said_of_task(args).values()):
        raise DataError("Columns are for one task: add --preview TASK.")
    return {"tasks": [_describe(task) for task in EMBEDDED_TASKS.values()]}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    if "preview" in result:
        return _show_preview(result["preview"])
    return "\n\n".join(_show_task(task) for task in result["tasks"])


def _describe(task: EmbeddedTask) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": task.name,
        "title": task.title,
        "description": task.description,
        "type": task.type,
        "labels": list(task.labels),
        "max_length": task.max_length,
    }
    try:
        return {**described, "examples": _sizes(task.load())}
    except DataError as error:  # its package is missing; the other tasks are still of use
        return {**described, "examples": None, "error": str(error)}


def _preview(data: TaskData) -> dict[str, Any]:
    from bcos_core.text.pair import one_line
    from bcos_core.text.preview import class_counts, text_lengths

    lengths = text_lengths(data)
    first = data.train.take(_PREVIEW_EXAMPLES, seed=0)
    return {
        "title": data.title,
        "type": data.type,
        "classes": class_counts(data),
        "examples": _sizes(data),
        "words": {"minimum": lengths.minimum, "median": lengths.median, "maximum": lengths.maximum},
        "rows": [
            {"text": one_line(text), "label": data.word(label)}
            for text, label in zip(first.texts, first.labels, strict=True)
        ],
        "notes": list(data.notes),
    }


def _sizes(data: TaskData) -> dict[str, int]:
    return {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)}


def _show_sizes(sizes: dict[str, int]) -> str:
    return ", ".join(f"{size:,} {side}" for side, size in sizes.items())


def _show_task(task: dict[str, Any]) -> str:
    sizes = _show_sizes(task["examples"]) if task["examples"] is not None else task["error"]
    return (
        f"{task['name']}: {task['title']}\n  {task['description']}\n"
        f"  Classes: {', '.join(task['labels'])}. Texts up to {task['max_length']} tokens.\n  Examples: {sizes}"
    )


def _show_preview(preview: dict[str, Any]) -> str:
    words = preview["words"]
    lines = [
        preview["title"],
        f"  {TASK_TYPES[preview['type']].title}: "
        + (", ".join(f"{label} {count:,}" for label, count in preview["classes"].items())),
        f"  Examples: {_show_sizes(preview['examples'])}",
        f"  Words per text: {words['minimum']:,} to {words['maximum']:,}, median {words['median']:g}",
        *(f"  Note: {note}" for note in preview["notes"]),
        "  Some texts:",
        *(f"    [{row['label']}] {_one_line(row['text'])}" for row in preview["rows"]),
    ]
    return "\n".join(lines)


def _one_line(text: str, characters: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1] + "…"
