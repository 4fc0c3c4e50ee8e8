"""Which model a connection test asks."""

import pytest

from arguslm_prober.model import chat_model


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["text-embedding-3-small", "whisper-1", "gpt-4.1"], "gpt-4.1"),
        (["gpt-4.1", "gpt-4.1-mini", "tts-1"], "gpt-4.1-mini"),
        (["dall-e-3", "omni-moderation-latest"], None),
        ([], None),
        (["meta-llama/Llama-3-70b-Instruct"], "meta-llama/Llama-3-70b-Instruct"),
        (["nomic-embed-text:latest", "llama3:8b"], "llama3:8b"),
    ],
)
def test_a_model_that_can_chat_is_chosen_and_a_small_one_preferred(
    names: list[str], chosen: str | None
) -> None:
    assert chat_model(names) == chosen
