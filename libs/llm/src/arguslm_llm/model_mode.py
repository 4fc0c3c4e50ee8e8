"""What a model does: one that embeds is not asked to chat, one that draws is not asked at all."""

from typing import Any, Literal

from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.catalogue import ProviderType

Mode = Literal["chat", "completion", "embedding"]

# Models of the Responses API chat too: LiteLLM takes them there.
_ASKED_AS: dict[str, Mode] = {
    "chat": "chat",
    "responses": "chat",
    "completion": "completion",
    "embedding": "embedding",
}
_SHOWN_BY_NAME = "embed"


def mode_of(litellm: Any, provider: ProviderType, model: str, kind: ProbeKind) -> Mode:
    """How to ask a model, by LiteLLM's map; of one that is not in it, by its name.

    Raises:
        CannotBuild: the model does something else, or not what this kind of probe is about.
    """
    mode = _said_mode(litellm, provider, model)
    if mode is not None and mode not in _ASKED_AS:
        raise CannotBuild(
            Outcome.UNSUPPORTED, f"{model} is a model for {mode}, which no probe asks for"
        )
    wanted = _ASKED_AS[mode] if mode else _guessed(model, kind)
    embeds = wanted == "embedding"
    if embeds and kind not in (ProbeKind.LIVENESS, ProbeKind.EMBEDDING):
        raise CannotBuild(Outcome.UNSUPPORTED, f"{model} embeds: a {kind} probe is not for it")
    if kind is ProbeKind.EMBEDDING and not embeds:
        raise CannotBuild(Outcome.UNSUPPORTED, f"{model} does not embed")
    return wanted


def _said_mode(litellm: Any, provider: ProviderType, model: str) -> str | None:
    """From the map itself: LiteLLM's own look-up asks some servers over the network."""
    family = provider.litellm.partition("/")[0]
    for name in (f"{family}/{model}", model):
        mode = (litellm.model_cost.get(name) or {}).get("mode")
        if isinstance(mode, str):
            return mode
    return None


def _guessed(model: str, kind: ProbeKind) -> Mode:
    by_name = _SHOWN_BY_NAME in model.lower()
    return "embedding" if by_name or kind is ProbeKind.EMBEDDING else "chat"
