"""A small OpenID Connect provider on loopback: discovery, keys, the code flow with PKCE.

It signs in whoever `who` names, without asking, and refuses a code that is used twice, a wrong
verifier, client or redirect address. `break_with` makes its ID tokens wrong in one way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "pertoken-tests"
CLIENT_SECRET = "no-secret-of-anyone"  # noqa: S105 - of this provider only


class Provider:
    """The provider, served from a thread between `with` and its end."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self.who: dict[str, Any] = {}
        self.break_with = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign_in(self, name: str, *roles: str) -> None:
        """From now on this person signs in."""
        self.who = {"sub": name, "email": f"{name}@example.com", "roles": list(roles)}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def code_for(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return code

    def token_for(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code; None where anything about the exchange is wrong."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked.get("code_challenge")
            or form.get("redirect_uri") != asked.get("redirect_uri")
        ):
            return None
        now = int(time.time())
        claims = {
            **self.who, "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked.get("nonce"),
        }  # fmt: skip
        key = self.key
        if self.break_with == "nonce":
            claims["nonce"] = "another"
        elif self.break_with == "audience":
            claims["aud"] = "someone-else"
        elif self.break_with == "issuer":
            claims["iss"] = "http://127.0.0.1:1"
        elif self.break_with == "expired":
            claims |= {"iat": now - 7200, "exp": now - 3600}
        elif self.break_with == "key":
            key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": token}


def _handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.requests.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                self._json(200, provider.discovery())
            elif parts.path == "/keys":
                self._json(200, {"keys": [provider.key.as_dict(private=False)]})
            elif parts.path == "/authorize" and query.get("client_id") == CLIENT_ID:
                if provider.break_with == "refused":
                    answer = {"error": "access_denied", "state": query["state"]}
                else:
                    answer = {"code": provider.code_for(query), "state": query["state"]}
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
                self.end_headers()
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            provider.requests.append(self.path)
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            given = self.headers.get("Authorization", "")
            known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            tokens = provider.token_for(form) if given == f"Basic {known}" else None
            self._json(400 if tokens is None else 200, tokens or {"error": "invalid_grant"})

        def _json(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
