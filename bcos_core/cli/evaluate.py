"""`python -m bcos_core evaluate`: score methods on checkpoints, with intervals, costs and protocols."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bcos_core.cli import minimal_pairs
from bcos_core.cli.task_arguments import add_task_arguments, said_of_task
from bcos_core.evaluate.spec import EvaluationSpec, usual_scores
from bcos_core.option import add_flag, options_of

if TYPE_CHECKING:
    from bcos_core.evaluate.result import Evaluation
    from bcos_core.evaluate.slices import Slicing

EPILOG = """examples:
  python -m bcos_core evaluate CHECKPOINT --methods bcos occlusion integrated_gradients --limit 200
  python -m bcos_core evaluate CHECKPOINT TWIN --methods bcos lime --scores comprehensiveness seqpg --json
  python -m bcos_core evaluate CHECKPOINT --methods bcos shapley --removal delete --option shapley.samples=10
  python -m bcos_core evaluate CHECKPOINT --methods bcos occlusion --slice length word:not disagreement:bcos,occlusion
  python -m bcos_core evaluate smollm2 --pairs agreement ioi
  python -m bcos_core evaluate smollm2 MY_MODEL --pairs blimp.jsonl --limit 200 --format markdown
  python -m bcos_core evaluate smollm2 --pairs agreement --scores strike deletion insertion --removal delete
"""

_FLAGS = {"pairs": "pointing_pairs"}
"""Options whose flag has another name: `--pairs` are minimal pairs."""

_REMOVAL = EvaluationSpec.removal


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `evaluate` command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score explanation methods on checkpoints",
        description="Score methods on the test set that the first checkpoint was trained beside. Random scores are "
        "always in the table. What was measured is kept per text: methods and texts added later recompute nothing.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="names (see `models`) or folders")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods, or all (default: bcos)")
    parser.add_argument(
        "--scores",
        nargs="+",
        metavar="NAME",
        help="scores, or all (default: three; of several models first the normalised one, by which they compare)",
    )
    for name, option in options_of(EvaluationSpec).items():
        add_flag(parser, _FLAGS.get(name, name), option, default=option.default)
    parser.add_argument("--removal", metavar="NAME", help=f"mask, pad, delete or hide (default: {_REMOVAL})")
    parser.add_argument("--probability", default="softmax", metavar="NAME", help="softmax or sigmoid")
    parser.add_argument("--task", metavar="NAME", help="another task's test set (default: that of the checkpoint)")
    add_task_arguments(parser)
    parser.add_argument("--against", metavar="METHOD", help="paired differences with this method (default: the first)")
    parser.add_argument(
        "--slice",
        nargs="+",
        default=[],
        metavar="SLICE",
        help="every score on some of the texts: length, class, confidence, word:WORD, disagreement:METHOD,METHOD",
    )
    parser.add_argument("--option", action="append", default=[], metavar="METHOD.NAME=VALUE", help="an option")
    minimal_pairs.add_arguments(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate as a job: `rows` and `differences` (see `Evaluation`), `skipped`, and the folder of the result. With
    `--pairs`, what `minimal_pairs.run` gives.

    Raises:
        InputError: a checkpoint, task, method or score that cannot be used.
    """
    from bcos_core.attribution.registry import METHODS
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.errors import InputError
    from bcos_core.evaluate.between import between_models
    from bcos_core.evaluate.job import EVALUATE
    from bcos_core.evaluate.scores import SCORES
    from bcos_core.evaluate.slices import Slicing
    from bcos_core.home import get_home
    from bcos_core.model.info import read_info
    from bcos_core.text.tasks import TaskChoice

    if args.pairs:
        return minimal_pairs.run(args, _options(args.option))
    slicings = {text: Slicing.parse(text) for text in args.slice}
    task = None
    if args.task:
        task = TaskChoice.parse(args.task, **said_of_task(args))
    spec = EvaluationSpec(
        checkpoints=tuple(str(read_info(find_checkpoint(name)).path.resolve()) for name in args.checkpoints),
        methods=tuple(METHODS if args.methods == ["all"] else args.methods or ["bcos"]),
        scores=tuple(SCORES if args.scores == ["all"] else args.scores or usual_scores(len(args.checkpoints))),
        removal=args.removal or _REMOVAL,
        probability=args.probability,
        task=task,
        **{name: getattr(args, _FLAGS.get(name, name)) for name in options_of(EvaluationSpec)},
        options=_options(args.option),
    )
    for method in (*filter(None, [args.against]), *(method for one in slicings.values() for method in one.methods)):
        if METHODS[method].name not in spec.contenders:
            raise InputError(f"{METHODS[method].title} is not among the methods to evaluate. Name it under --methods.")
    evaluation, job = EVALUATE.run_here(spec)
    first = next((c for c in evaluation.contenders if c.method == args.against), evaluation.contenders[0])
    called = evaluation.renamed({one.path: read_info(one.path).name for one in evaluation.contenders})
    base = called.contenders[evaluation.contenders.index(first)].id
    rows = evaluation.rows()
    return {
        "rows": rows,
        "between": between_models(called, called.rows()),
        "differences": evaluation.differences(first.id),
        "slices": _sliced(called, slicings, base) if slicings else {},
        "skipped": list(evaluation.skipped),
        "names": {one.checkpoint: read_info(one.path).name for one in evaluation.contenders},
        "notes": list(evaluation.notes),
        "evaluation": str(get_home().evaluations / job),
        "seconds": evaluation.seconds,
        "job": job,
    }


def _sliced(evaluation: Evaluation, slicings: Mapping[str, Slicing], against: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each slicing, by what was asked."""
    from bcos_core.evaluate.slices import sliced_rows, slices_of, task_of
    from bcos_core.home import get_home
    from bcos_core.storage.evidence import EvidenceStore
    from bcos_core.storage.upgrade import open_database
    from bcos_core.text.tasks import load_task

    task, store = load_task(task_of(evaluation)), EvidenceStore(open_database(get_home()))
    return {
        text: sliced_rows(evaluation, slices_of(evaluation, slicing, task, store), against)
        for text, slicing in slicings.items()
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person: a table per score, the best first."""
    if "minimal_pairs" in result:
        return minimal_pairs.show(result)
    from bcos_core.evaluate.figures import few_texts
    from bcos_core.numbers import is_missing
    from bcos_core.render.scoreboard import left_out, most_texts, people_in_words, trained_for, training_notes
    from bcos_core.render.slices import slices_lines

    lines: list[str] = []
    names = result["names"]  # what the models are called; rows know them by their folders
    for score in dict.fromkeys(row["score"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["score"] == score]
        better = rows[0]["higher_is_better"]
        rows.sort(key=lambda row: (not row["n"], (row["mean"] or 0.0) * (-1 if better else 1)))
        lines += ["", f"{score} ({'higher' if better else 'lower'} is better). {rows[0]['protocol']['summary']}"]
        called = [{**row, "checkpoint": names[row["checkpoint"]]} for row in rows]
        lines += filter(None, [trained_for(called), people_in_words(called)])
        for row in rows:
            marks = ["does not beat random"] if row["beats_random"] is False else []
            if not row["n"]:
                lines.append(f"  {row['method']:<20} no value for any text  {names[row['checkpoint']]}")
                continue
            mark = "".join(f"  {note}" for note in (*marks, *training_notes(row)))
            missing = is_missing(row["low"])  # one text alone has none, nor have values that are all the same
            interval = f"{'no interval':16}" if missing else f"[{row['low']:6.3f}, {row['high']:6.3f}]"
            lines.append(
                f"  {row['method']:<20} {row['mean']:7.3f}  {interval}  n {row['n']:<4} "
                f"{row['forward_passes']:6.1f} forward {row['backward_passes']:6.1f} backward  "
                f"{names[row['checkpoint']]}{mark}"
            )
    for asked, rows in result["slices"].items():
        lines += ["", *slices_lines(asked, rows)]
    lines += ["", *result["between"], *result["notes"], *filter(None, [few_texts(most_texts(result["rows"]))])]
    lines += [left_out(_called(row, names)) for row in result["skipped"]]
    lines.append(f"\n{result['seconds']:.0f} s; stored in {result['evaluation']}")
    return "\n".join(lines).lstrip("\n")


def _called(row: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    """A skipped method or score, with its model as it is called."""
    return {**row, "checkpoint": names.get(row["checkpoint"], row["checkpoint"])} if "checkpoint" in row else row


def _options(given: list[str]) -> dict[str, dict[str, str]]:
    """`METHOD.NAME=VALUE` → method → name → value.

    Raises:
        InputError: not of that form, or no such method.
    """
    from bcos_core.attribution.registry import METHODS
    from bcos_core.errors import InputError

    options: dict[str, dict[str, str]] = {}
    for text in given:
        place, equals, value = text.partition("=")
        method, dot, name = place.partition(".")
        if not (equals and dot and name):
            raise InputError(f"--option is {text!r}; expected METHOD.NAME=VALUE, for example lime.samples=200.")
        options.setdefault(METHODS[method].name, {})[name] = value
    return options
