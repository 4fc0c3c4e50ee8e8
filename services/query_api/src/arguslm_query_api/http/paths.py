"""Where the API lies, and which paths answer nobody without a principal."""

API = "/api/v1"
GUARDED = ("/api", "/docs", "/redoc", "/openapi.json", "/metrics")
