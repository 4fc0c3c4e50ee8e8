"""The seven prompt packs of ArgusLM 0.x: one prompt each, with the answer length it asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptPack:
    id: str
    name: str
    prompt: str
    expected_tokens: int


PROMPT_PACKS: dict[str, PromptPack] = {
    pack.id: pack
    for pack in (
        PromptPack("health_check", "Health check", "Reply with one short greeting.", 30),
        PromptPack(
            "shakespeare",
            "Shakespeare",
            "Write a short passage in the manner of Shakespeare about a ship that is lost at sea.",
            150,
        ),
        PromptPack(
            "synthetic_short",
            "Synthetic, short",
            "Name five rivers of Europe and the sea each one reaches.",
            50,
        ),
        PromptPack(
            "synthetic_medium",
            "Synthetic, medium",
            "Explain how a bicycle stays upright, in three paragraphs for a curious adult.",
            200,
        ),
        PromptPack(
            "synthetic_long",
            "Synthetic, long",
            "Write an essay on how cities have managed their water from antiquity until today.",
            500,
        ),
        PromptPack(
            "code_generation",
            "Code generation",
            "Write a Python function that merges two sorted lists, with type hints and a test.",
            150,
        ),
        PromptPack(
            "reasoning",
            "Reasoning",
            "A train leaves at 9:40 and takes 2 h 35 min, then waits 18 minutes and goes on for "
            "47 minutes. When does it arrive? Show the steps.",
            100,
        ),
    )
}
