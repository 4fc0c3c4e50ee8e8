"""One file per dialect: how a request is read and an answer, a refusal or a list is written."""

from arguslm_simulator.dialects.anthropic import Anthropic
from arguslm_simulator.dialects.bedrock import Bedrock
from arguslm_simulator.dialects.cohere import Cohere
from arguslm_simulator.dialects.dialect import Dialect
from arguslm_simulator.dialects.gemini import Gemini
from arguslm_simulator.dialects.ollama import Ollama
from arguslm_simulator.dialects.openai_chat import OpenAIChat
from arguslm_simulator.dialects.openai_responses import OpenAIResponses

# Three vendors list their models at /v1/models: who shows no sign of the others means OpenAI's,
# so that one comes last.
DIALECTS: tuple[Dialect, ...] = (
    Anthropic(),
    Gemini(),
    Bedrock(),
    Cohere(),
    Ollama(),
    OpenAIResponses(),
    OpenAIChat(),
)
