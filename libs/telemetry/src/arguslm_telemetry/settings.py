"""Logs and the health endpoint."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TelemetrySettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ARGUSLM_")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe level that is written"
    )
    ops_host: str = Field(default="127.0.0.1", description="where /health and /metrics listen")
    ops_port: int = Field(default=0, ge=0, le=65535, description="0 picks a free port")
