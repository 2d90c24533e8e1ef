"""A real OpenID Connect provider on loopback, that can be told to lie in every way."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Issuer:
    """One provider with a key; `claims` and `forge` change what its tokens say and how they are made."""

    def __init__(self):
        self.client_id, self.secret = "covalent", "known to the client"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = secrets.token_hex(4)
        self.codes = {}
        self.claims = {"sub": "person-1", "email_verified": True}
        self.forge = self.sign
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.says_issuer = self.issuer
        self.published = [self.public()]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def public(self, key=None):
        """The public half as a JWK."""
        found = jwt.algorithms.RSAAlgorithm.to_jwk((key or self.key).public_key(), as_dict=True)
        return found | {"kid": self.kid, "use": "sig", "alg": "RS256"}

    def pem(self):
        """The public half as text, for who would use it as a shared secret."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, claims):
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid})

    def authorize(self, address):
        """What a browser does at the provider: sign in there, come back with a code."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = dict(parse_qsl(parts.query))
        assert (asked["response_type"], asked["client_id"]) == ("code", self.client_id)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(back)}"

    def token(self, form, header):
        """Trade a code for tokens, once, to the client alone and with its verifier."""
        asked = self.codes.pop(form["code"][0], None)
        basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        if asked is None or header != f"Basic {basic}" or form["redirect_uri"][0] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.forge({**said, **self.claims})}

    def _handler(self):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                known = {
                    "issuer": issuer.says_issuer,
                    "authorization_endpoint": f"{issuer.issuer}/authorize",
                    "token_endpoint": f"{issuer.issuer}/token",
                    "jwks_uri": f"{issuer.issuer}/keys",
                }
                is_known = self.path == "/.well-known/openid-configuration"
                self.say(known if is_known else {"keys": issuer.published})

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.say(issuer.token(form, self.headers.get("Authorization")))

            def say(self, said):
                body = json.dumps(said or {"error": "invalid_grant"}).encode()
                self.send_response(200 if said else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
