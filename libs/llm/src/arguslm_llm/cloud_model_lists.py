"""Lists that have to be signed for: Amazon Bedrock's, and Google Vertex AI's."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from google.auth import jwt
from google.auth.crypt import RSASigner

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_contracts.model_facts import ModelFacts
from arguslm_llm.aws_signature import signed
from arguslm_llm.catalogue import is_within, provider_type
from arguslm_llm.decoders.transcript import as_list, as_object, as_text
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.http1 import WireRequest
from arguslm_llm.listing import Listing, NoListing, Page
from arguslm_llm.model_pages import following

_JSON = (("accept", "application/json"),)
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GOOGLE_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_FOR_S = 600


def bedrock_listing(endpoint: Endpoint) -> Listing:
    """The foundation models that may be asked directly, then the inference profiles by which
    alone the others may be asked."""
    region = endpoint.settings.get("region")
    if not region:
        raise NoListing("listing needs a region")
    authorized = _for_bedrock(endpoint.credentials, region)
    base = _bedrock_lists_at(endpoint, region)

    def ask(path: str, query: dict[str, object]) -> WireRequest:
        return authorized(WireRequest("GET", f"{base}/{path}?{urlencode(query)}", _JSON))

    can_write: set[str] = set()

    def read(_: WireRequest, value: object) -> Page | None:
        answer = as_object(value)
        models, profiles = answer.get("modelSummaries"), answer.get("inferenceProfileSummaries")
        if isinstance(models, list):
            can_write.update(str(as_object(model).get("modelId")) for model in models)
            return Page(_foundation_models(models), ask("inference-profiles", {"maxResults": 1000}))
        if not isinstance(profiles, list):
            return None
        token = as_text(answer.get("nextToken"))
        query: dict[str, object] = {"maxResults": 1000, "nextToken": token}
        more = ask("inference-profiles", query) if token else None
        return Page(_inference_profiles(profiles, can_write), more)

    return Listing(ask("foundation-models", {"byOutputModality": "TEXT"}), read)


def _bedrock_lists_at(endpoint: Endpoint, region: str) -> str:
    """An endpoint of one's own within Amazon answers questions, and lists nothing."""
    amazon = provider_type(endpoint.provider_type).hosts
    if endpoint.base_url and not is_within(endpoint.base_url, amazon):
        return endpoint.base_url
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://bedrock.{region}.{domain}"


def _for_bedrock(
    credentials: Mapping[str, str], region: str
) -> Callable[[WireRequest], WireRequest]:
    """How a request is made one that Bedrock answers: with its own key, else signed."""
    if api_key := credentials.get("bedrock_api_key"):
        login = ("authorization", f"Bearer {api_key}")
        return lambda request: replace(request, headers=(*request.headers, login))
    key_id = credentials.get("aws_access_key_id")
    secret = credentials.get("aws_secret_access_key")
    if not key_id or not secret:
        raise NoListing(
            "listing needs bedrock_api_key, or aws_access_key_id and aws_secret_access_key"
        )
    return partial(
        signed,
        key_id=key_id,
        secret=secret,
        session_token=credentials.get("aws_session_token"),
        region=region,
        service="bedrock",
    )


def _foundation_models(items: list[object]) -> list[DiscoveredModel]:
    return [
        DiscoveredModel(
            name=name,
            metadata={
                field: item[field]
                for field in ("modelName", "providerName", "modelLifecycle")
                if item.get(field) is not None
            },
            facts=ModelFacts(owner=as_text(item.get("providerName"))),
        )
        for item in map(as_object, items)
        if (name := as_text(item.get("modelId")))
        and "ON_DEMAND" in as_list(item.get("inferenceTypesSupported", ["ON_DEMAND"]))
    ]


def _inference_profiles(items: list[object], can_write: set[str]) -> list[DiscoveredModel]:
    """Those that lead to a model which answers in text."""
    return [
        DiscoveredModel(name=name, metadata={"modelName": item.get("inferenceProfileName")})
        for item in map(as_object, items)
        if (name := as_text(item.get("inferenceProfileId")))
        and item.get("status") == "ACTIVE"
        and any(
            str(as_object(model).get("modelArn")).rpartition("/")[2] in can_write
            for model in as_list(item.get("models"))
        )
    ]


def vertex_listing(endpoint: Endpoint) -> Listing:
    """A token for the service account first, then Google's own models page by page. Those of other
    vendors answer only to who has subscribed to them, and are added by name."""
    region, project = endpoint.settings.get("region"), endpoint.settings.get("project_id")
    if not region or not project:
        raise NoListing("listing needs region and project_id")
    host = "aiplatform" if region == "global" else f"{region}-aiplatform"
    base = endpoint.base_url or f"https://{host}.googleapis.com"
    models = WireRequest(
        "GET",
        f"{base}/v1beta1/publishers/google/models?{urlencode({'pageSize': 300})}",
        (*_JSON, ("x-goog-user-project", project)),
    )

    def read(request: WireRequest, value: object) -> Page | None:
        answer = as_object(value)
        if token := as_text(answer.get("access_token")):
            login = ("authorization", f"Bearer {token}")
            return Page([], replace(models, headers=(*models.headers, login)))
        items = answer.get("publisherModels", [] if value == {} else None)
        if not isinstance(items, list):
            return None
        names = [str(as_object(item).get("name")).rpartition("/")[2] for item in items]
        page_token = as_text(answer.get("nextPageToken"))
        query: dict[str, object] = {"pageSize": 300, "pageToken": page_token}
        return Page(
            [
                DiscoveredModel(name=name, facts=ModelFacts(owner="google"))
                for name in names
                if name.startswith("gemini") and "embedding" not in name
            ],
            following(request, query) if page_token else None,
        )

    return Listing(_google_token_request(endpoint.credentials.get("api_key", "")), read)


def _google_token_request(api_key: str) -> WireRequest:
    """Asks the server that the key names for a token; `split_credentials` saw that it is Google's.

    Raises:
        NoListing: no usable service account key.
    """
    try:
        key = json.loads(api_key)
        now = int(time.time())
        claims = {
            "iss": key["client_email"],
            "scope": _GOOGLE_SCOPE,
            "aud": key["token_uri"],
            "iat": now,
            "exp": now + _TOKEN_FOR_S,
        }
        signer = RSASigner.from_service_account_info(key)  # type: ignore[no-untyped-call]
        assertion = jwt.encode(signer, claims).decode()  # type: ignore[no-untyped-call]
        token_uri = str(key["token_uri"])
    except (ValueError, KeyError, TypeError):
        raise NoListing("listing needs a whole Google service account key") from None
    form = urlencode({"grant_type": _GOOGLE_GRANT, "assertion": assertion})
    headers = (*_JSON, ("content-type", "application/x-www-form-urlencoded"))
    return WireRequest("POST", token_uri, headers, form.encode())
