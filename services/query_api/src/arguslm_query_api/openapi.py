"""`python -m arguslm_query_api.openapi > openapi.json`: the API's description, without a bus."""

import json

from arguslm_query_api.http.application import describe_only


def main() -> None:
    print(json.dumps(describe_only().openapi(), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
