"""The catalogue against the LiteLLM that is installed."""

import json
import os
import subprocess
import sys
from importlib.resources import files

import pytest

from arguslm_llm.catalogue import (
    catalogue,
    crosses_home,
    litellm_model_name,
    provider_types,
    split_credentials,
)

TESTED = [
    "openai",
    "anthropic",
    "google_vertex",
    "google_ai_studio",
    "aws_bedrock",
    "azure_openai",
    "ollama",
    "lm_studio",
    "openrouter",
    "together_ai",
    "groq",
    "mistral",
    "xai",
    "fireworks_ai",
    "deepseek",
    "custom_openai_compatible",
]
SERVICE_ACCOUNT = {
    "type": "service_account",
    "project_id": "p",
    "token_uri": "https://oauth2.googleapis.com/token",
}


@pytest.fixture(scope="module")
def litellm_lists():
    """LiteLLM's own lists, from a process of their own: importing it here would weigh 200 MB."""
    code = (
        "import json, litellm; print(json.dumps([sorted(litellm.LITELLM_CHAT_PROVIDERS),"
        " [p.value for p in litellm.provider_list]]))"
    )
    env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=env, capture_output=True, text=True
    )
    chat, every = json.loads(done.stdout.splitlines()[-1])
    return set(chat), set(every)


def left_out():
    return json.loads(files("arguslm_llm").joinpath("providers.json").read_text())["left_out"]


def test_the_sixteen_tested_types_come_first():
    specs = catalogue()
    assert list(specs)[:16] == TESTED
    assert [type_id for type_id, spec in specs.items() if spec.tested] == TESTED


def test_every_chat_provider_of_litellm_is_there_or_left_out_with_a_reason(litellm_lists):
    chat, _ = litellm_lists
    assert chat <= set(catalogue()) | set(left_out())
    assert not set(catalogue()) & set(left_out())


def test_every_type_has_a_name_that_litellm_knows(litellm_lists):
    chat, every = litellm_lists
    for provider in provider_types().values():
        assert provider.litellm.partition("/")[0] in chat | every


def test_every_type_without_an_address_says_where_its_key_may_go():
    for type_id, provider in provider_types().items():
        has_home = provider.spec.default_base_url or provider.base_url == "required"
        assert has_home or provider.hosts or provider.spec.route != "captured", type_id


@pytest.mark.parametrize("model", ["gpt-4.1", "llama3:8b", "meta-llama/Llama-3-70b"])
def test_model_names_always_carry_the_type(model):
    assert litellm_model_name("openai", model) == f"openai/{model}"
    assert litellm_model_name("custom_openai_compatible", model) == f"openai/{model}"
    assert litellm_model_name("aws_bedrock", model) == f"bedrock/converse/{model}"
    with pytest.raises(ValueError, match="no_such_type"):
        litellm_model_name("no_such_type", model)


def test_credentials_are_split_into_address_settings_and_secrets():
    given = {
        "api_key": " sk-1 ",
        "base_url": "https://gw.test/v1/",
        "organization_id": "org-1",
        "project_id": None,
    }
    assert split_credentials("openai", given) == (
        "https://gw.test/v1",
        {"organization_id": "org-1"},
        {"api_key": "sk-1"},
    )
    assert split_credentials("ollama", {}) == (None, {}, {})
    aws = {"region": "us-east-1", "aws_access_key_id": "AK", "aws_secret_access_key": "S"}
    assert split_credentials("aws_bedrock", aws) == (
        None,
        {"region": "us-east-1"},
        {"aws_access_key_id": "AK", "aws_secret_access_key": "S"},
    )


@pytest.mark.parametrize(
    ("type_id", "base_url", "other", "crosses"),
    [
        ("openai", None, "https://api.openai.com/v1", False),
        ("openai", None, "https://gateway.test", True),
        ("openai", "https://one.test", "https://other.test", False),
        ("aws_bedrock", None, "https://vpce-1.bedrock-runtime.r.vpce.amazonaws.com", True),
        ("aws_bedrock", "https://one.test", None, True),
        ("aws_bedrock", "https://one.test", "https://other.test", False),
        ("vllm", "http://one.test", "http://other.test", False),
    ],
)
def test_a_key_does_not_leave_its_vendor_unnoticed(type_id, base_url, other, crosses):
    assert crosses_home(type_id, base_url, other) is crosses


def test_bedrock_takes_a_key_of_its_own_instead_of_amazons():
    given = {"region": "us-east-1", "bedrock_api_key": "ABSK"}
    settings, secrets = {"region": "us-east-1"}, {"bedrock_api_key": "ABSK"}
    assert split_credentials("aws_bedrock", given) == (None, settings, secrets)


@pytest.mark.parametrize(
    ("type_id", "given", "says"),
    [
        ("openai", {}, "needs api_key"),
        ("openai", {"api_key": ""}, "needs api_key"),
        ("openai", {"api_key": "k", "colour": "red"}, "no field colour"),
        ("openai", {"api_key": "k", "base_url": "ftp://x"}, "http or https"),
        ("openai", {"api_key": "k", "base_url": "https://u:p@x"}, "user name"),
        ("openai", {"api_key": "k", "base_url": "https://x/?key=1"}, "query"),
        ("custom_openai_compatible", {"api_key": "k"}, "needs base_url"),
        ("azure_openai", {"api_key": "k"}, "needs base_url"),
        ("openai", {"api_key": "k", "region": "r"}, "it has organization_id, .*api_key, base_url"),
        ("aws_bedrock", {}, "needs region"),
        ("aws_bedrock", {"region": "r"}, "needs bedrock_api_key, or aws_access_key_id and aws_s"),
        ("aws_bedrock", {"region": "r", "aws_access_key_id": "A"}, "needs bedrock_api_key, or"),
        ("sagemaker", {"region": "r"}, "needs aws_access_key_id and aws_secret_access_key"),
        ("sagemaker", {"region": "r", "base_url": "https://x"}, "no field base_url"),
        ("aws_bedrock", {"region": "evil.example/"}, "region may hold"),
        ("google_vertex", {"api_key": "AIza", "project_id": "p", "region": "r"}, "service account"),
        ("no_such_type", {}, "unknown provider type"),
    ],
)
def test_what_is_wrong_is_named(type_id, given, says):
    with pytest.raises(ValueError, match=says):
        split_credentials(type_id, given)


def test_a_google_key_may_only_ask_google_for_tokens():
    """Its token_uri is an address that somebody else chose."""
    fields = {"project_id": "p", "region": "global"}
    good = json.dumps(SERVICE_ACCOUNT)
    assert split_credentials("google_vertex", {**fields, "api_key": good})[2]["api_key"] == good
    bad = json.dumps({**SERVICE_ACCOUNT, "token_uri": "http://169.254.169.254/token"})
    with pytest.raises(ValueError, match="token_uri"):
        split_credentials("google_vertex", {**fields, "api_key": bad})


def test_a_type_says_what_it_needs_and_every_field_has_its_place():
    assert provider_types()["azure_openai"].spec.needs == ("key", "base URL", "deployment")
    assert provider_types()["google_vertex"].spec.needs == ("key", "project", "region")
    assert provider_types()["ollama"].spec.needs == ()
    fields = {f.name: f for f in provider_types()["aws_bedrock"].spec.further_fields}
    assert fields["aws_secret_access_key"].label == "AWS secret access key"
    assert fields["aws_secret_access_key"].secret
    for provider in provider_types().values():
        shown = {field.name for field in provider.spec.further_fields}
        if provider.spec.show_org_fields:
            shown |= {"organization_id", "project_id"}
        common = {"api_key", "region"}
        assert {*provider.settings, *provider.secrets} - common == shown, provider.spec.id


def test_nothing_but_the_measuring_rooms_loads_litellm():
    code = (
        "import sys, arguslm_llm.catalogue, arguslm_llm.endpoint, arguslm_llm.offers,"
        " arguslm_llm.discovery, arguslm_llm.measure; sys.exit('litellm' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
