"""`python -m bcos_core explain`: attribution records of texts, under one method or several."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.cli.checkpoints import find_checkpoint
from bcos_core.cli.figure import add_arguments, file_of, wanted_format, write
from bcos_core.errors import InputError, NotFiniteError, TextError, UnknownNameError
from bcos_core.numbers import file_size
from bcos_core.text.blank import is_blank
from bcos_core.text.decode import decode, encodable
from bcos_core.text.lines import text_lines
from bcos_core.text.pair import HEADINGS, halves, is_pair, pair, without_separator
from bcos_core.text.table import MAX_FILE_BYTES

if TYPE_CHECKING:
    from bcos_core.attribution.record import Attribution

EPILOG = """examples:
  python -m bcos_core explain CHECKPOINT --text "A charming film." --text "It drags."
  python -m bcos_core explain CHECKPOINT --text "A charming film." --methods bcos occlusion --target positive
  python -m bcos_core explain CHECKPOINT --text "A charming film." --methods shapley --repeats 5 --option unit=word
  python -m bcos_core explain CHECKPOINT --file texts.txt --json > records.json
  python -m bcos_core explain CHECKPOINT --text "A charming film." --methods all --output figure.pdf
  python -m bcos_core explain smollm2 --next-token --text "The keys to the old cabinet" --target " are" --minus " is"
  python -m bcos_core explain PAIR_CHECKPOINT --text "Two dogs ran." --second "Two animals ran."
"""

BAR_WIDTH = 20
_NUMBER = 13  # characters of a number at most: "−1.2 × 10⁻¹²"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `explain` command."""
    parser = subparsers.add_parser(
        "explain",
        help="say why a model decided as it did",
        description="Attribution records of texts: what each token does for the explained class.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--text", action="append", default=[], help="a text; may be given several times")
    parser.add_argument(
        "--second",
        action="append",
        default=[],
        metavar="TEXT",
        help="of a model that reads pairs, the second text to the --text in the same place",
    )
    parser.add_argument("--file", help="a UTF-8 file with one text a line; - for standard input")
    parser.add_argument(
        "--pairs", action="store_true", help="each line of --file has two texts with a tab between them"
    )
    parser.add_argument(
        "--next-token",
        action="store_true",
        help="of a language model: say why this token comes next; the texts are prompts, --target and --minus words "
        "with their space before them (default: the likeliest token)",
    )
    parser.add_argument("--chat", action="store_true", help="each prompt is a user's message in the chat template")
    parser.add_argument(
        "--methods",
        "--method",
        nargs="+",
        metavar="NAME",
        help="methods, or all (default: bcos on a B-cos model, else the usual ones, or, of a next token, pullback)",
    )
    parser.add_argument("--target", metavar="LABEL", help="the class to explain (default: each text's predicted class)")
    parser.add_argument("--minus", metavar="LABEL", help="explain the logit of --target minus that of this class")
    parser.add_argument("--reference", metavar="NAME", help="what tokens are compared with: mask, pad, none or zero")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of stochastic methods (default: 0)")
    parser.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="seeds of a stochastic method: their mean ± deviation"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the methods that have it"
    )
    parser.add_argument("--batch-size", type=int, default=16, metavar="N", help="texts per batch (default: 16)")
    add_arguments(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"records": […]}`: one for each text and method, by text first; see `Attribution.to_dict`. Where a format is
    asked for, also the `document`, or the `output` that it was written to.

    Raises:
        InputError: no text, an empty one, or a checkpoint, method or label that is not there.
    """
    wanted = wanted_format(args)
    if args.chat and not args.next_token:
        raise InputError("--chat is for prompts of language models. Give it together with --next-token.")
    if args.next_token and (args.second or args.pairs):
        raise InputError("A prompt is one text. Leave --second and --pairs out.")
    texts: list[Any] = _texts(args)
    checkpoint = find_checkpoint(args.checkpoint)

    from bcos_core.attribution.answers import kind_of_answers
    from bcos_core.attribution.api import explain
    from bcos_core.attribution.own import own_method
    from bcos_core.attribution.question import resolve_target
    from bcos_core.attribution.references import tokens_of
    from bcos_core.attribution.registry import METHODS
    from bcos_core.model import classifier, language_model
    from bcos_core.model.text_model import TextModel

    model: TextModel
    if args.next_token:
        model, question = language_model.load(checkpoint), {"target": args.target, "minus": args.minus}
        texts = [[{"role": "user", "content": text}] for text in texts] if args.chat else texts
    else:
        model = known = classifier.load(checkpoint)
        question = {"target": resolve_target(known.labels, args.target, args.minus)}
    for note in model.notes:
        print(note, file=sys.stderr)
    answers = kind_of_answers(model)
    fitting = [
        m for m in METHODS.values() if not m.unsupported(is_bcos=model.is_bcos, family=model.family, answers=answers)
    ]
    able = [m for m in fitting if m.has_reference(tokens_of(model.tokenizer))]
    own = [own_method(model).name] if model.is_bcos or args.next_token else [m.name for m in able if m.usual]
    names = args.methods or own
    if names == ["all"] and (without := [m.name for m in fitting if m not in able]):
        print(
            f"Left out, for the tokenizer of {model.name} has no token that stands for a removed one: "
            f"{', '.join(without)}.",
            file=sys.stderr,
        )
    methods = able if names == ["all"] else [METHODS[name] for name in names]
    options = _options(args.option)
    for kind, given, offered in (
        ("reference", [args.reference] if args.reference else [], {r for m in methods for r in m.references}),
        ("option", options, {o for m in methods for o in m.options}),
    ):
        for name in given:
            if name not in offered:
                raise UnknownNameError(f"{kind} of {', '.join(m.name for m in methods)}", name, offered)
    columns = [
        explain(
            model,
            texts,
            method=method.name,
            **question,
            reference=method.fitting_reference(args.reference),
            seed=args.seed,
            repeats=args.repeats,
            batch_size=args.batch_size,
            **{name: value for name, value in options.items() if name in method.options},
        )
        for method in methods
    ]
    records = [record for row in zip(*columns, strict=True) for record in row]
    failures = [record.failure for record in records if record.failure is not None]
    if len(failures) == len(records):
        raise NotFiniteError(f"No explanation could be made. {failures[0]}")
    result: dict[str, Any] = {"records": [record.to_dict() for record in records]}
    if wanted is not None:
        data = file_of(records, wanted, args.granularity)
        if args.output:
            result["output"] = write(data, args.output)
        else:
            result["document"] = data.decode("utf-8-sig")
    return result


def _options(given: list[str]) -> dict[str, str]:
    options = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(f"--option is {one!r}; expected NAME=VALUE, for example steps=20.")
        options[name] = value
    return options


def _texts(args: argparse.Namespace) -> list[str]:
    for text in (*args.text, *args.second):
        if encodable(text) != text:  # how Python hands on bytes of the command line that are no UTF-8
            raise TextError("A text of --text is not UTF-8. Set the terminal to UTF-8, or give it in a file.")
        if is_blank(text):
            raise TextError("A text is empty. Type at least one word.")
    if args.second and len(args.second) != len(args.text):
        raise TextError(
            f"There are {len(args.text)} texts of --text and {len(args.second)} of --second. Give each its second text."
        )
    texts = [pair(*both) for both in zip(args.text, args.second, strict=True)] if args.second else list(args.text)
    if args.file:
        lines = [(number, line) for number, line in text_lines(_content(args.file)) if not is_blank(line)]
        texts += [_pair_of(line, number) if args.pairs else line for number, line in lines]
    if not texts:
        raise TextError("There is no text to explain. Give one with --text, or a file of them with --file.")
    return [text if is_pair(text) and (args.second or args.pairs) else without_separator(text) for text in texts]


def _pair_of(line: str, number: int) -> str:
    first, tab, second = line.partition("\t")
    if not tab or is_blank(first) or is_blank(second):
        raise TextError(
            f"Line {number:,} of --file has not two texts with a tab between them. Give both, or leave --pairs out."
        )
    return pair(first, second)


def _content(file: str) -> str:
    """The text of a file, or of standard input; no more of either is read than a table may have."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TextError(f"The file {file!r} cannot be read ({error.strerror}).") from error
    if len(data) > MAX_FILE_BYTES:
        raise TextError(f"The file {file!r} has more than {file_size(MAX_FILE_BYTES)}. Take a part of it.")
    content = decode(data, "Standard input" if file == "-" else f"The file {file!r}")
    if "\r" in content and "\n" not in content:  # all of it would be one line
        raise TextError(
            f"The lines of {file!r} end in carriage returns alone. Save it with the line ends of Unix or Windows."
        )
    return content


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person: each word with its score and a bar; of a file, itself or where it is."""
    if "document" in result:
        return str(result["document"]).rstrip("\n")
    if "output" in result:
        return f"Written to {result['output']}"
    from bcos_core.attribution.record import Attribution

    return "\n\n".join(_show_record(Attribution.from_dict(record)) for record in result["records"])


def _show_record(record: Attribution) -> str:
    from bcos_core.attribution.aggregation import summed, word_scores
    from bcos_core.attribution.frame import other_shares
    from bcos_core.numbers import number
    from bcos_core.tasks.registry import answer_type

    if record.failure is not None:
        return f"{record.method} on {record.model}: FAILED. {record.failure}"
    kind = answer_type(record.task_type)
    words = [word for word in word_scores(record) if word.read]
    largest = max((abs(word.score) for word in words), default=0.0) or 1.0
    width = min(24, max((len(word.text) for word in words), default=0))
    lines = [
        f"{record.method} on {record.model}: {kind.answer(record.prediction)}; "
        f"what {kind.verbs[0]} {record.target.title} (+) and {kind.verbs[1]} it (−):"
    ]
    headings = dict(zip(halves(record.text), HEADINGS, strict=False)) if is_pair(record.text) else {}
    for word in words:
        for (start, end), heading in list(headings.items()):
            if start <= word.start <= end:
                share = summed(record, record.positions_by_half[HEADINGS.index(heading)])[0]
                lines.append(f" {headings.pop((start, end))} ({number(share, signed=True)}):")
        bar = ("+" if word.score > 0 else "−") * round(abs(word.score) / largest * BAR_WIDTH)
        spread = "" if word.spread is None else f" ± {number(word.spread):<8}"
        lines.append(f"  {word.text[:width]:<{width}} {number(word.score, signed=True):>{_NUMBER}}{spread}  {bar}")
    lines.append(f"  {'(added tokens)':<{width}} {number(record.added_share, signed=True):>{_NUMBER}}")
    lines += [
        f"  {f'({name})':<{width}} {number(share, signed=True):>{_NUMBER}}"
        for name, share in other_shares(record).items()
    ]
    if record.seed_scores:
        lines.append(f"  mean ± standard deviation over the seeds {', '.join(map(str, record.seeds))}")
    if record.additive:
        lines.append(f"  adds to {number(record.sum)}; the {kind.explained} is {number(record.logit)}")
    lines += [f"  {note}" for note in record.prompt.notes] if record.prompt is not None else []
    for start, end in record.unread if record.prompt is None else ():
        place = next(place for place, span in enumerate(halves(record.text)) if span[0] <= start and end <= span[1])
        which = HEADINGS[place] if is_pair(record.text) else "The text"
        at = start - halves(record.text)[place][0]
        lines.append(f"  {which} was cut at character {at}: the model reads no further of it.")
    return "\n".join(lines)
