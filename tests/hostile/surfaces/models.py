"""Model folders: config.json, weights, tokenizer and what stands beside them, pickles and code and links among it."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from hypothesis import strategies as st

from bcos_core.errors import BcosError
from bcos_core.home import Home
from bcos_core.model.about import read_about
from bcos_core.model.identity import checkpoint_notes
from bcos_core.model.info import read_any_info
from bcos_core.model.load import load
from bcos_core.model.named_tokens import named_tokens
from bcos_core.model.size import model_size
from bcos_core.model.sources import resolve_model
from bcos_core.model.weights import stored_tensors
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.hostile.watch import MARK
from tests.model.folders import save_folder
from tests.tiny_language_model import save_language_model


@dataclass(frozen=True)
class Step:
    """What is done to a file of a folder: its new content, or the place that it is a link to (None: neither, it is
    removed)."""

    file: str
    content: bytes | None
    link: str | None = None


@dataclass(frozen=True)
class Folder:
    base: str
    steps: tuple[Step, ...]
    loaded: bool
    """Whether the model is loaded where its folder is taken for one."""


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (f"echo {MARK}",)


def pickles() -> list[bytes]:
    """Weights that would run something: in PyTorch's own container and as bare pickles."""
    own = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, own)
    evil = pickle.dumps({"weight": _Runs()})
    swapped = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(own.getvalue())) as source, zipfile.ZipFile(swapped, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, evil if info.filename.endswith("data.pkl") else source.read(info))
    return [evil, pickle.dumps(_Runs(), protocol=0), swapped.getvalue(), own.getvalue()]


CODE = f"import os\nos.system('echo {MARK}')\nclass Config: pass\nclass Model: pass\n".encode()
AUTO_MAP = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model", "AutoTokenizer": ["evil.T", None]}


def make(ground: Ground) -> tuple[st.SearchStrategy[Folder], Callable[[Folder], object]]:
    models = Home(ground.root / "bases").create().models
    for family in ("bert", "roberta", "distilbert"):
        save_folder(models / family, family)
    save_language_model(Home(ground.root / "bases"), "llama")
    (models / "bert" / "checkpoint.json").write_text(
        json.dumps(
            {
                "format_version": 1,
                "name": "A model",
                "max_length": 32,
                "task": {"kind": "file", "name": str(ground.outside / "secret.csv")},
                "recipe": {"consistency": 1.0, "b": None},
                "metrics": {"accuracy": 0.8},
                "test_size": 10,
                "created_at": "2026-01-01T10:00:00+00:00",
                "twin": "other",
                "data": "0" * 64,
            }
        )
    )
    (models / "bert" / "about.json").write_text(json.dumps({"name": "A", "tags": ["x"], "notes": "n"}))
    whole = {base.name: {file.name: file.read_bytes() for file in base.iterdir()} for base in models.iterdir()}
    trees = {
        (base, name): json.loads(content)
        for base, files in whole.items()
        for name, content in files.items()
        if name.endswith(".json")
    }
    outside = ground.outside
    evil = pickles()
    code = [
        Step("evil.py", CODE),
        Step("modeling_evil.py", CODE),
        Step("tokenizer_config.json", json.dumps({"auto_map": AUTO_MAP, "tokenizer_class": "Evil"}).encode()),
        Step("tokenizer_config.json", json.dumps({"tokenizer_class": "../../evil.T"}).encode()),
        *(Step("pytorch_model.bin", one) for one in evil),
        *(Step("model.safetensors", one) for one in evil[:2]),
        Step("adapter_config.json", b'{"peft_type": "LORA"}'),
        Step("model.gguf", b"GGUF" + b"\xff" * 60),
        Step("quantize_config.json", b"{}"),
        Step("tokenizer.json", None),
        Step("vocab.txt", b"\n" * 200_000),
        Step("chat_template.jinja", f"{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}{MARK}".encode()),
        Step("merges.txt", b"#version\n" + b"a b\n" * 1000),
        Step("spiece.model", b"\x0a\xff\xff\xff\xff"),
        *(Step(name, None, str(outside / "secret.txt")) for name in ("about.json", "checkpoint.json", "vocab.txt")),
        *(Step(name, None, str(outside / "config.json")) for name in ("config.json", "tokenizer_config.json")),
        *(Step("model.safetensors", None, one) for one in (str(outside / "secret.txt"), "/etc/passwd", "/dev/zero")),
        Step("config.json", None, "/dev/zero"),
        Step("tokenizer.json", None, "../../../outside/secret.txt"),
        *(Step(name, None) for name in ("config.json", "model.safetensors", "tokenizer_config.json")),
    ]
    index = {"metadata": {"total_size": 1}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}

    @st.composite
    def steps(draw: st.DrawFn, base: str) -> Step:
        what = draw(st.sampled_from(("tree", "tree", "tree", "bytes", "ready", "auto_map", "index", "header")))
        if what == "ready":
            return draw(st.sampled_from(code))
        if what == "tree":
            name = draw(st.sampled_from(sorted(name for one, name in trees if one == base)))
            return Step(name, values.written(values.changed(trees[base, name], draw(values.changes))))
        if what == "auto_map":
            return Step("config.json", json.dumps({**trees[base, "config.json"], "auto_map": AUTO_MAP}).encode())
        if what == "index":
            map_ = values.changed(index, draw(values.changes))
            return Step("model.safetensors.index.json", values.written(map_))
        weights = whole[base]["model.safetensors"]
        if what == "header":
            length = int.from_bytes(weights[:8], "little")
            changed = values.changed(json.loads(weights[8 : 8 + length]), draw(values.changes))
            header = values.written(changed)
            return Step("model.safetensors", len(header).to_bytes(8, "little") + header + weights[8 + length :])
        name = draw(st.sampled_from(sorted(whole[base])))
        return Step(name, damage.damaged(whole[base][name], draw(damage.damages)))

    @st.composite
    def cases(draw: st.DrawFn) -> Folder:
        base = draw(st.sampled_from(sorted(whole)))
        return Folder(base, tuple(draw(st.lists(steps(base), max_size=3))), draw(st.integers(0, 5)) == 0)

    def send(case: Folder) -> object:
        folder = ground.home.models / "case"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in whole[case.base].items():
            (folder / name).write_bytes(content)
        for step in case.steps:
            (folder / step.file).unlink(missing_ok=True)
            if step.link is not None:
                (folder / step.file).symlink_to(step.link)
            elif step.content is not None:
                (folder / step.file).write_bytes(step.content)
        try:
            return _read(folder, loaded=case.loaded)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return cases(), send


def _read(folder: Path, *, loaded: bool) -> object:
    said: list[object] = [model_size(folder)]
    with suppress(BcosError):
        said.append(resolve_model(str(folder), restrict=True))
    info = read_any_info(folder)
    said += [info.labels[:20], info.name, info.about, checkpoint_notes(info), named_tokens(folder)]
    for look in (read_about, stored_tensors):
        with suppress(BcosError):
            found = look(folder)
            said.append("" if look is stored_tensors else found)
    if loaded:
        said.append(load(folder, device="cpu").notes)
    return said


SURFACE = Surface("models", "model folders, loaded where they are taken for models", make)
