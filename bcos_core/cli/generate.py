"""`python -m bcos_core generate`: what a language model writes after a prompt, with what else it could have written."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bcos_core.cli.checkpoints import find_checkpoint
from bcos_core.errors import TextError
from bcos_core.numbers import probability
from bcos_core.text.decode import encodable

EPILOG = """examples:
  python -m bcos_core generate smollm2 --prompt "The keys to the old cabinet"
  python -m bcos_core generate smollm2 --chat --prompt "What is the capital of France?" --json
  python -m bcos_core generate CHECKPOINT --prompt "Once upon a time" --temperature 0.8 --seed 3 --max-tokens 100
"""
ENDS = {
    "stop": "It ended its answer.",
    "length": "It was asked for no more.",
    "context": "It reads no more.",
}
_ALTERNATIVES = 3
"""That are shown to a person beside each token."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `generate` command."""
    parser = subparsers.add_parser(
        "generate",
        help="let a language model write",
        description="What a language model writes after a prompt, token by token, with probabilities and alternatives. "
        "Ask why with explain --next-token.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="smollm2 (embedded), a checkpoint's name, or a folder")
    parser.add_argument("--prompt", required=True, help="what it goes on from")
    parser.add_argument("--chat", action="store_true", help="the prompt is a user's message in the chat template")
    parser.add_argument("--max-tokens", type=int, default=50, metavar="N", help="how many at most (default: 50)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, metavar="T", help="0 for the likeliest token each time (default: 0)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draws (default: 0)")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="alternatives for each token (default: 10)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"model", "prompt", "chat", "text", "end", "tokens": [{"token", "text", "logit", "probability", "prompt_tokens",
    "alternatives": [{"token", "text", "logit", "probability"}…]}…]}`; `prompt_tokens` is how many stood before it.

    Raises:
        InputError: no such checkpoint, no language model, an empty prompt, or a number that is out of range.
    """
    if encodable(args.prompt) != args.prompt:
        raise TextError("The prompt is not UTF-8. Set the terminal to UTF-8.")
    checkpoint = find_checkpoint(args.checkpoint)

    from bcos_core.model.generate import generate
    from bcos_core.model.language_model import load

    model = load(checkpoint)
    for note in model.notes:
        print(note, file=sys.stderr)
    steps = list(
        generate(
            model,
            [{"role": "user", "content": args.prompt}] if args.chat else args.prompt,
            max_tokens=args.max_tokens,
            temperature=args.temperature,
            seed=args.seed,
            top=args.top,
        )
    )
    return {
        "model": model.name,
        "prompt": args.prompt,
        "chat": args.chat,
        "text": "".join(step.text for step in steps),
        "end": steps[-1].end,
        "tokens": [
            {
                "token": step.token,
                "text": step.text,
                "logit": step.logit,
                "probability": step.probability,
                "prompt_tokens": len(step.prefix),
                "alternatives": [
                    {"token": number, "text": text, "logit": logit, "probability": share}
                    for number, text, logit, share in zip(
                        step.alternatives.ids,
                        step.alternatives.texts,
                        step.alternatives.logits,
                        step.alternatives.probabilities,
                        strict=True,
                    )
                ],
            }
            for step in steps
        ],
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person: the text, then each token beside what else could have stood there."""
    lines = [result["prompt"] + ("\n\n" if result["chat"] else "") + result["text"], ""]
    for step in result["tokens"]:
        others = [one for one in step["alternatives"] if one["token"] != step["token"]][:_ALTERNATIVES]
        rather = ", ".join(f"{one['text']!r} {probability(one['probability'])}" for one in others)
        lines.append(
            f"  {step['alternatives'][0]['text']!r:<16} {probability(step['probability']):>7}  before {rather}"
        )
    lines.append(f"{result['model']}: {ENDS[result['end']]}")
    return "\n".join(lines)
