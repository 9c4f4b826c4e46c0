"""Which language models can be chosen, and what of a folder decides how they answer in a conversation."""

from __future__ import annotations

import pytest

from bcos_core.errors import CheckpointError
from bcos_core.home import Home
from bcos_core.model.language_models import conversation_identity, language_model_folder
from tests.tiny_language_model import save_language_model, tokenizer


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home")).create()


def test_a_folder_goes_before_the_embedded_one_of_its_name(home: Home) -> None:
    folder = save_language_model(home, "smollm2")
    assert language_model_folder(home, "smollm2") == folder


@pytest.mark.parametrize("name", ["gone", "", "..", "../models/tiny", "/etc"])
def test_a_name_is_no_way_to_another_place(home: Home, name: str) -> None:
    save_language_model(home)
    with pytest.raises(CheckpointError, match="no language model"):
        language_model_folder(home, name)


def test_a_template_and_stop_tokens_are_a_models_conversation(home: Home) -> None:
    folder = save_language_model(home)
    seen = {conversation_identity(folder)}
    (folder / "generation_config.json").write_text('{"eos_token_id": 7}')
    seen.add(conversation_identity(folder))
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    seen.add(conversation_identity(folder))
    assert len(seen) == 3 and tokenizer().chat_template
