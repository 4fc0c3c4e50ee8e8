"""Signing for Amazon's APIs, done by botocore: only the signature, none of its connections."""

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from arguslm_llm.http1 import WireRequest


def signed(
    request: WireRequest,
    *,
    key_id: str,
    secret: str,
    session_token: str | None,
    region: str,
    service: str,
) -> WireRequest:
    """The request with a Signature Version 4, good for a few minutes."""
    aws = AWSRequest(
        method=request.method, url=request.url, headers=dict(request.headers), data=request.body
    )
    SigV4Auth(Credentials(key_id, secret, session_token), service, region).add_auth(aws)
    return WireRequest(request.method, request.url, tuple(aws.headers.items()), request.body)
