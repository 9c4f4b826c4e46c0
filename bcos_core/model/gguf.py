"""A GGUF file, whose weights are rounded to few bits, as an ordinary folder of float32 numbers: the same values, which
no further reader has to decode."""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bcos_core.errors import CheckpointError
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.tokenizer import save_tokenizer

PATIENCE_SECONDS = 15 * 60.0
"""For another process that makes the same folder; on two busy cores it takes a minute."""


def convert_gguf(file: Path, folder: Path) -> None:
    """Write `folder` (config.json, safetensors in float32, tokenizer with its chat template), whole or not at all. Only
    one process may do so at a time.

    Raises:
        CheckpointError: transformers cannot read the file.
        StorageError: the disk is full or cannot be written.
    """
    with transformers_in_turn(), redirect_stderr(StringIO()):  # one of its bars heeds no setting
        try:
            model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        except Exception as error:  # whatever the reader of the format thinks of it
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CheckpointError(
                f"{file.name} cannot be read ({reason[:200]}). Install its package anew, and gguf with it."
            ) from error
        # The numbers are plain ones now: with its quantiser a model cannot be saved, and would be refused as rounded.
        del model.hf_quantizer
        del model.config.quantization_config
        with renamed_when_complete(folder) as written:
            model.save_pretrained(written)
            save_tokenizer(tokenizer, written)
