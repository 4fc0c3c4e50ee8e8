"""Nothing a provider says reaches the log or the stream before it passed through here."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from arguslm_llm.decoders.transcript import as_object, json_of

REMOVED = "[removed]"
_SHORTEST_SECRET = 4
# How far behind the limit it is looked for what looks like a key.
_LONGEST_LOOK = 8_000

# What looks like a key whoever sent it: vendor prefixes, bearer values, signed tokens, long hex,
# half-masked keys, key=value pairs, and user:password in a URL.
_LOOKS_SECRET = re.compile(
    r"""
      \b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi|csk|fw|tgp|pplx|key|ghp|gho|glpat|xox[abp])[-_][\w*.-]{6,}
    | \bAIza[\w-]{10,} | \b(?:AKIA|ASIA)[A-Z0-9]{8,}
    | (?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?
    | (?<=[Bb]earer\ )[\w.~+/*=-]{6,}
    | (?<![\w.-])[\w.-]*\*{3,}[\w.*-]*
    | \b[0-9a-fA-F]{32,}\b
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)
    | (?<=key=)[^\s&"']{6,} | (?<=token=)[^\s&"']{6,}
    """,
    re.VERBOSE,
)


# JSON cannot carry lone surrogates, nor PostgreSQL NUL: a provider's text must not stop a check.
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")


class Redactor:
    """Removes known secrets, in the forms they may come back in, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def clean(self, text: str, *, limit: int) -> str:
        """The text without secrets, at most `limit` characters long.

        Redaction comes before clipping: a key cut in half would not be recognised.
        """
        text = self._without_known(text)
        shown = _LOOKS_SECRET.sub(REMOVED, text[: limit + _LONGEST_LOOK])
        if len(text) > limit + _LONGEST_LOOK:
            # An answer may have megabytes. What is cut here may be half a key, and is not shown.
            shown = shown[:-_LONGEST_LOOK] + "…"
        return _clipped(shown, limit)

    def clean_id(self, text: str, *, limit: int) -> str:
        """The same for a name or an id, which often looks like a key and is none."""
        return _clipped(self._without_known(text), limit)

    def _without_known(self, text: str) -> str:
        return text if self._known is None else self._known.sub(REMOVED, text)


def _clipped(text: str, limit: int) -> str:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return shown.translate(_UNSTORABLE)


def _forms(secret: str) -> set[str]:
    """A secret as it stands, URL-quoted, JSON-escaped and base64-encoded; of a key file also the
    private key by itself."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    escaped = secret.encode("unicode_escape").decode().replace('"', '\\"')
    forms = {secret, secret.strip(), quote(secret, safe=""), escaped, encoded}
    for part in _private_parts(secret):
        forms |= {part, part.encode("unicode_escape").decode()}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET}


def _private_parts(secret: str) -> list[str]:
    key_file = as_object(json_of(secret.encode()))
    return [
        value
        for name, value in key_file.items()
        if name.startswith("private_key") and isinstance(value, str)
    ]
