"""What LiteLLM finds in the environment of a process that measures: nothing of other people's.

Vendors' variables name keys, tokens and addresses, and LiteLLM reads hundreds of them wherever it
is told none: a stored key would go to an address that nobody entered for it.
"""

import os
import re

_OURS = re.compile(
    r"ARGUSLM_.*"
    r"|HOME|USER|PATH|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|LANG|LC_.*|LD_.*|PYTHON.*|MALLOC_.*|FAKETIME.*"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|(https?|all|no)_proxy",
    re.IGNORECASE,
)


def keep_only_ours() -> None:
    """Forget every variable of this process but the system's, proxies and our own."""
    for name in [name for name in os.environ if not _OURS.fullmatch(name)]:
        del os.environ[name]
