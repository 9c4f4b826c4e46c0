"""`evaluate --pairs` on a tiny language model: from the command to the table, against transformers asked directly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from built_tokenizers import built_tokenizer
from tiny_language_model import save_language_model
from tiny_pair import save_pair
from transformers import LlamaConfig, LlamaForCausalLM

from bcos_core import convert
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.registry import METHODS
from bcos_core.cli.main import build_parser, main
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of, kind_of
from bcos_core.jobs.store import JobStore
from bcos_core.minimal_pairs.folders import read_folder, usual_methods
from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.plan import pairs_plan
from bcos_core.minimal_pairs.result import load_result
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database

ROWS = (
    ("The film is good", "The film is dull", "film"),
    ("The good film is great", "The good film is long", "good"),
    ("The dull film is long", "The dull film is great", "dull"),
    ("A charming film is dull", "A charming film is good", "charming"),
    ("of the film never good", "of the film never dull", "never"),
    ("the film of films is great", "the film of films is dull", "films"),
    ("the film ends dull", "the film ends good", "bird"),
)
USED = ROWS[:-1]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny Llama with large random weights, as it stands and converted."""
    tokenizer = built_tokenizer("byte-level")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )
    model = LlamaForCausalLM(config)
    place = tmp_path_factory.mktemp("speaking")
    for name, one in {"plain": model, "converted": convert(model, b=1.1)}.items():
        one.save_pretrained(place / name)
        tokenizer.save_pretrained(place / name)
    return {name: place / name for name in ("plain", "converted")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "films.jsonl"
    keys = ("sentence_good", "sentence_bad", "evidence")
    path.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in ROWS), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def asked_directly(folder: Path) -> tuple[list[bool], list[float]]:
    """By transformers alone: whether the right word has the higher logit, and 1 / rank of the evidence's best token by
    gradient × input of the difference."""
    model, tokenizer = LlamaForCausalLM.from_pretrained(folder).eval(), built_tokenizer("byte-level")
    preferred, ranks = [], []
    for good, bad, evidence in USED:
        ids, others = tokenizer(good)["input_ids"], tokenizer(bad)["input_ids"]  # <s> in front
        length = next(place for place, (one, other) in enumerate(zip(ids, others, strict=False)) if one != other)
        prompt, right, wrong = ids[:length], ids[length], others[length]
        embeddings = model.get_input_embeddings()(torch.tensor([prompt])).detach().requires_grad_()
        logits = model(inputs_embeds=embeddings).logits[0, -1]
        difference = logits[right] - logits[wrong]
        preferred.append(difference.item() > 0)
        (gradient,) = torch.autograd.grad(difference, embeddings)
        scores = (embeddings * gradient).sum(-1)[0].tolist()[1:]
        spans = tokenizer(good, return_offsets_mapping=True)["offset_mapping"][1 : len(prompt)]
        at = good.index(evidence)
        ranking, marked, before = [], [], 0.0
        for score, (start, end) in zip(scores, spans, strict=True):
            if good[start:end].isspace() or start == end:  # a space that is a token belongs to what follows it
                before += score
                continue
            ranking.append(before + score)
            marked.append(start < at + len(evidence) and at < end)
            before = 0.0
        best = max(score for score, is_marked in zip(ranking, marked, strict=True) if is_marked)
        ranks.append(1 / (1 + sum(score > best for score in ranking)))
    return preferred, ranks


def test_from_the_command_to_the_table(
    folders: dict[str, Path], file: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = ("input_x_gradient", "pullback", "occlusion")
    found = run(capsys, "evaluate", str(folders["plain"]), "--pairs", str(file), "--methods", *methods)
    preferred, ranks = asked_directly(folders["plain"])
    (share,) = found["preferences"]
    assert (share["mean"], share["n"], share["source"]) == (pytest.approx(sum(preferred) / 6), 6, "films.jsonl")
    rows = {(row["method"], row["measure"]): row for row in found["rows"]}
    assert {method for method, _ in rows} == {"random", *methods}
    assert rows["input_x_gradient", "mrr"]["mean"] == pytest.approx(sum(ranks) / 6)
    assert rows["input_x_gradient", "mrr"]["backward_passes"] == 1
    assert rows["random", "mrr"]["beats_random"] is None and rows["random", "mrr"]["forward_passes"] == 0
    assert found["left_out"] == {
        "films.jsonl": ["Line 7 is left out. The evidence 'bird' is not in the text before the critical word."]
    }
    against = {(row["method"], row["against"]) for row in found["differences"]}
    assert against == {(one, "input_x_gradient@plain") for one in ("random", "pullback", "occlusion")}
    kept = load_result(Path(found["minimal_pairs"]))
    assert kept.rows()[1]["mean"] == pytest.approx(found["rows"][1]["mean"]) and kept.speakers[0].kind == "conventional"
    assert "Frozen-linear pullback" in found["summary"][0]  # what is better than the model's own sum comes first
    assert found["summary"][1].startswith("plain prefers the right word in")
    assert "Ranked: the tokens of the prompt" in found["protocol"] and "seed 0" in found["protocol"]


def struck_directly(folder: Path, removal: str) -> list[list[float]]:
    """By transformers alone: of every pair the contrast after the prompt, then after it without each of its tokens (the
    words and spaces that are ranked as one go together)."""
    model, tokenizer = LlamaForCausalLM.from_pretrained(folder).eval(), built_tokenizer("byte-level")
    found = []
    for good, bad, _ in USED:
        ids, others = tokenizer(good)["input_ids"], tokenizer(bad)["input_ids"]
        length = next(place for place, (one, other) in enumerate(zip(ids, others, strict=False)) if one != other)
        prompt, right, wrong = ids[:length], ids[length], others[length]
        spans = tokenizer(good, return_offsets_mapping=True)["offset_mapping"]
        pieces: list[list[int]] = [[]]
        for place in range(1, length):  # after <s>
            pieces[-1].append(place)
            if good[slice(*spans[place])].strip():
                pieces.append([])
        heights = []
        for gone in ([], *pieces[:-1]):
            shown = [place not in gone for place in range(length)]
            if removal == "delete":
                kept = torch.tensor([[id for id, seen in zip(prompt, shown, strict=True) if seen]])
                logits = model(kept).logits[0, -1]
            elif removal == "hide":  # from the last one that is shown
                logits = model(torch.tensor([prompt]), attention_mask=torch.tensor([shown]).long()).logits[0]
                logits = logits[max(place for place in range(length) if shown[place])]
            else:
                put = getattr(tokenizer, f"{removal}_token_id")
                logits = model(
                    torch.tensor([[id if seen else put for id, seen in zip(prompt, shown, strict=True)]]),
                    attention_mask=torch.ones(1, length, dtype=torch.long),
                ).logits[0, -1]
            heights.append((logits[right] - logits[wrong]).item())
        found.append(heights)
    return found


@pytest.mark.parametrize("removal", ["mask", "pad", "delete", "hide"])
def test_strikes_are_what_transformers_says_without_each_token(
    folders: dict[str, Path], file: Path, home: Home, capsys: pytest.CaptureFixture[str], removal: str
) -> None:
    words = ["evaluate", str(folders["plain"]), "--pairs", str(file), "--methods", "occlusion", "saliency", "pullback"]
    found = run(capsys, *words, "--scores", "strike", "insertion", "--removal", removal)
    store = EvidenceStore(open_database(home))
    info = read_folder(str(folders["plain"]))
    own = model_subject(folder_identity(info.path), info.max_length)
    kept = store.all(own, f"minimal pair strikes:{removal}:token").values()
    expected = {round(row[0], 3): row[1:] for row in struck_directly(folders["plain"], removal)}
    assert len(expected) == len(kept) == 6
    for value in kept:
        assert value["without"] == pytest.approx(expected[round(value["whole"], 3)], abs=1e-4)
    rows = {(row["method"], row["measure"]): row for row in found["rows"]}
    assert {measure for _, measure in rows} == {"strike", "insertion"}
    assert rows["saliency", "strike"]["n"] == 0 and rows["saliency", "insertion"]["n"] == 6  # it has no direction
    assert (rows["random", "strike"]["mean"], rows["random", "strike"]["low"]) == (0.0, None)
    assert rows["random", "insertion"]["low"] is not None
    # Occlusion puts the mask token in the place of one token at a time; some are struck with the space before them.
    if removal == "mask":
        assert rows["occlusion", "strike"]["mean"] > 0.9
    assert REMOVALS[removal].title in found["protocol"]


def test_what_was_explained_is_not_explained_again(
    folders: dict[str, Path],
    file: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["evaluate", str(folders["plain"]), "--pairs", str(file), "--methods", "pullback"]
    first = run(capsys, *words)
    asked: list[str] = []
    explain = Explainer.__call__

    def noted(self: Explainer, texts: Any, target: Any = None) -> Any:
        asked.append(self.method.name)
        return explain(self, texts, target)

    monkeypatch.setattr(Explainer, "__call__", noted)
    again = run(capsys, *words, "--unit", "word")
    assert not asked and again["preferences"] == first["preferences"]
    run(capsys, *words, "saliency")
    assert set(asked) == {"saliency"}


def test_prompts_that_are_too_long_and_pairs_of_two_files_are_counted_once(
    folders: dict[str, Path], tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "good " * 70
    rows = [ROWS[0][:2], (f"{long}film is good", f"{long}film is dull"), ("A film is good", "A film is dull")]
    for name, own in {"one": rows, "two": rows[:2]}.items():
        lines = [json.dumps({"sentence_good": good, "sentence_bad": bad}) for good, bad in own]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    files = [str(tmp_path / f"{name}.jsonl") for name in ("one", "two")]
    asked = ("--methods", "pullback", "--scores", "strike")
    found = run(capsys, "evaluate", str(folders["plain"]), "--pairs", *files, *asked)
    assert "3 pairs of 3 have no evidence marked" in found["notes"][0]
    assert "plain did not read the beginning of 1 prompt: it reads the last 64 tokens alone." in found["notes"]
    assert {row["source"]: row["n"] for row in found["preferences"]} == {"all pairs": 3, "one.jsonl": 3, "two.jsonl": 2}


def test_two_models_beside_each_other(
    folders: dict[str, Path], file: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [str(folders[name]) for name in ("converted", "plain")]
    found = run(capsys, "evaluate", *models, "--pairs", str(file))
    measured = {(row["checkpoint"], row["method"]) for row in found["rows"]}
    shared = ("random", "input_x_gradient", "saliency", "occlusion")
    assert measured == {
        *(("converted", name) for name in (*shared, "bcos")),
        *(("plain", name) for name in (*shared, "pullback")),
    }
    assert {(row["checkpoint"], row["method"]) for row in found["skipped"]} == {
        ("converted", "pullback"),
        ("plain", "bcos"),
    }
    assert any("on converted minus" in sentence for sentence in found["summary"])


def test_the_table_in_every_format(
    folders: dict[str, Path], file: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(folders["plain"]), "--pairs", str(file), "--methods", "pullback", "--format"]
    assert main([*words, "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pairs of,measure,method,model,mean") and len(lines) == 1 + 2 * len(MEASURES)
    assert sum(line.split(",")[1] == "Strike correlation" for line in lines) == 2
    assert main([*words, "markdown"]) == 0
    assert "| method | model | Reciprocal rank of the evidence |" in capsys.readouterr().out
    assert main([*words, "text"]) == 0
    said = capsys.readouterr().out
    assert "Random (expected)" in said and "plain prefers the right word in" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pairs", "nowhere.csv"], "no file of minimal pairs and no built-in paradigm"),
        (["--pairs", "ioi"], "begin with the same token"),  # a space is a token of its own here
        (["--pairs", "FILE", "--scores", "seqpg"], "'seqpg'"),
        (["--pairs", "FILE", "--slice", "length"], "--slice is about texts"),
        (["--pairs", "FILE", "--against", "lime"], "LIME is not among the methods"),
        (["--pairs", "FILE", "--methods", "decompx"], "decompx"),
    ],
)
def test_what_cannot_be_asked_is_said(
    folders: dict[str, Path],
    file: Path,
    home: Home,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["evaluate", str(folders["plain"]), *(str(file) if word == "FILE" else word for word in words)])
    printed = capsys.readouterr()
    if "decompx" in words:  # it is left out, and the model answers all the same
        assert code == 0 and "Left out: DecompX on plain." in printed.out
    else:
        assert code == 2 and said in printed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--removal", "mask"], "no mask token to put in place of words. Choose the removal pad"),
        (["--reference", "mask"], "Choose the reference none, pad"),
    ],
)
def test_a_token_that_a_tokenizer_has_not_is_not_put_in(
    home: Home, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_language_model(home)
    asked = ["evaluate", folder.name, "--pairs", "agreement", "--limit", "2", "--methods", "pullback", "occlusion"]
    assert main([*asked, *words]) == 2
    assert said in capsys.readouterr().err


def test_occlusion_is_right_by_definition_where_it_removes_the_same_pieces_alike(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_language_model(home)
    asked = ["evaluate", folder.name, "--pairs", "agreement", "--limit", "3", "--methods", "pullback", "occlusion"]
    asked += ["--unit", "word", "--option", "occlusion.unit=word", "--reference", "pad"]
    correlation = {}
    for words in ((), ("--removal", "delete")):
        found = run(capsys, *asked, *words)
        (occlusion,) = [row for row in found["rows"] if (row["method"], row["measure"]) == ("occlusion", "strike")]
        correlation[words] = occlusion["mean"]
        curves = {(row["method"], row["measure"]) for row in found["curves"]}
        assert {measure for _, measure in curves} == {"deletion", "insertion"} and len(curves) == 3 * 2
        assert "the padding token at every position" in found["protocol"]
    assert correlation[()] == pytest.approx(1.0) and correlation["--removal", "delete"] < 0.99


def test_a_classifier_is_no_language_model(file: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    classifier, _ = save_pair(home)
    assert main(["evaluate", str(classifier), "--pairs", str(file)]) == 2
    assert "was not saved as a language model" in capsys.readouterr().err


def test_a_stored_request_is_the_command_that_a_person_types(
    folders: dict[str, Path], file: Path, store: JobStore
) -> None:
    spec = PairsSpec(
        (str(folders["plain"]),),
        (str(file), "ioi"),
        ("shapley",),
        limit=7,
        unit="word",
        seed=3,
        measures=("strike", "deletion"),
        removal="hide",
        reference="pad",
        options={"shapley": {"samples": "5"}},
    )
    job, _ = MINIMAL_PAIRS.submit(store, spec)
    assert kind_of(job.kind).read(job.spec) == spec and "films.jsonl, ioi" in job.title
    words = MINIMAL_PAIRS.command(spec)
    args = build_parser(words).parse_args(words)
    assert (tuple(args.pairs), tuple(args.methods)) == (spec.sources, spec.methods)
    assert (args.limit, args.unit, args.seed, args.option) == (7, "word", 3, ["shapley.samples=5"])
    assert (tuple(args.scores), args.removal, args.reference) == (spec.measures, "hide", "pad")
    assert command_of(job).startswith("python -m bcos_core evaluate")


def test_the_plan_has_a_part_for_every_method_of_every_model(folders: dict[str, Path]) -> None:
    models = tuple(str(folders[name]) for name in ("plain", "converted"))
    usual = usual_methods([read_folder(model) for model in models])
    plan = pairs_plan(PairsSpec(models, ("ioi", "agreement"), usual, limit=50))
    names = [[part.name for part in plan if part.stage == stage] for stage in range(4)]
    shared = ["explain input_x_gradient", "explain saliency", "explain occlusion"]
    asking = ["single tokens", "curves"]
    assert names == [
        [""],
        ["loading", "explain random", "explain pullback", *shared, *asking],
        ["loading", "explain random", "explain bcos", *shared, *asking],
        [""],
    ]
    evidence = pairs_plan(PairsSpec(models, ("ioi",), usual, measures=("mrr",)))
    assert not {"single tokens", "curves"} & {part.name for part in evidence}
    seconds = {part.name: part.seconds for part in plan if part.stage == 1}
    assert seconds["explain occlusion"] > seconds["explain saliency"] > seconds["explain random"]


def test_a_model_whose_logits_are_no_numbers_is_not_measured(
    file: Path, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights are all finite, and so large that attention overflows."""
    folder = save_language_model(home, "overflowing")
    model = LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for name in ("q_proj", "k_proj"):
            model.get_submodule(f"model.layers.0.self_attn.{name}").weight.mul_(1e25)
    model.save_pretrained(folder)
    assert main(["evaluate", str(folder), "--pairs", str(file), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["error"]["message"]
    assert "The logits of overflowing for the text " in said and "expected finite numbers" in said


def test_pairs_that_a_method_fails_on_are_counted(
    folders: dict[str, Path], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saliency = METHODS["saliency"]

    def broken(inputs: MethodInput) -> MethodOutput:
        output = saliency.attribute(inputs)
        long = torch.tensor([[len(text) > 6] for text in inputs.batch.texts])
        return replace(output, scores=output.scores.masked_fill(long, torch.inf))

    monkeypatch.setitem(METHODS._entries, "saliency", replace(saliency, attribute=broken))
    found = run(capsys, "evaluate", str(folders["plain"]), "--pairs", str(file), "--methods", "saliency", "pullback")
    failed = {row["method"]: row["failed"] for row in found["rows"]}
    measured = next(row["n"] for row in found["rows"] if (row["method"], row["measure"]) == ("saliency", "mrr"))
    assert failed["saliency"] > 0 == failed["pullback"]
    assert measured == len(USED) - failed["saliency"] > 0
    assert [one for one in found["notes"] if "no finite numbers" in one] == [
        f"Saliency gave no finite numbers for {failed['saliency']} pair{'s' * (failed['saliency'] > 1)} on plain: "
        f"{'they have' if failed['saliency'] > 1 else 'it has'} no value of it."
    ]
