"""Who may call the API, from where, and how often."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from shared.models.host_tokens import HostTokens
from shared.setting_groups.types import Origin


class AccessSettings(BaseModel):
    """Protections of the API."""

    api_failed_logins_per_minute: int = Field(
        30,
        ge=1,
        le=100_000,
        description="Most requests a minute with a token that is not valid, of one client and of tokens that begin "
        "alike; more are told to wait (429). Valid tokens never are.",
    )
    api_rate_limit: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,6} per (second|minute|hour)$",
        description="Most requests of one token, such as `600 per minute`; more are told to wait (429). Unset: no "
        "limit, and no count, which costs one update of the database per request.",
    )
    api_host_tokens: HostTokens | None = Field(
        None,
        description="JWTs of a host application that the API accepts, as JSON: "
        '`{"issuer": "https://crm.example.com", "audience": "scheduler", "roleClaim": "role", '
        '"roles": {"crm-admin": "admin"}, "jwksUrl": "https://crm.example.com/jwks.json", "algorithm": "RS256"}`. '
        "Unset: none.",
    )
    api_host_tokens_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key of these JWTs if they are signed with HS256, 32 characters or more; instead of jwksUrl.",
    )
    api_cors_origins: list[Origin] = Field(
        [],
        description='Origins whose web pages may call the API, as JSON: `["https://crm.example.com"]`. Empty: none but '
        "its own.",
    )
    api_trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="How many proxies of yours are in front of the API: that many addresses of X-Forwarded-For are "
        "believed. 0: the client is whoever connects.",
    )

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        given = self.api_host_tokens
        if given is not None and (given.jwks_url is None) == (self.api_host_tokens_key is None):
            raise ValueError("API_HOST_TOKENS needs either jwksUrl or API_HOST_TOKENS_KEY, and not both")
        return self
