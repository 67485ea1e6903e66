"""A shop in Python's standard library: takes a payment, and verifies the webhook."""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAOMA_URL = os.environ.get("SAOMA_URL", "http://127.0.0.1:6200")
SAOMA_API_KEY = os.environ["SAOMA_API_KEY"]
PORT = int(os.environ.get("PORT", "3000"))
HOME = f"http://127.0.0.1:{PORT}"
orders = {}  # your database


def saoma(path, body, idempotency_key):
    """Calls the API. Send the same key again after an error: it is done once."""
    request = urllib.request.Request(
        f"{SAOMA_URL}/v1{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {SAOMA_API_KEY}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
        },
    )
    with urllib.request.urlopen(request, timeout=15) as response:
        return json.load(response)


def is_genuine(headers, raw_body, secret):
    """Standard Webhooks: HMAC-SHA256 over id, timestamp and raw body; not older than 5 minutes."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + raw_body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(f"v1,{expected}", signature) for signature in given)


class Shop(BaseHTTPRequestHandler):
    def do_POST(self):
        raw_body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/orders":
            number = f"ORDER-{time.time_ns()}"
            orders[number] = "waiting"
            payment = saoma(
                "/payments",
                {"amount": 8888, "subject": "美式咖啡", "reference": number},
                idempotency_key=number,
            )
            self.send_response(303)
            self.send_header("Location", payment["checkout_url"])
            self.end_headers()
        elif self.path == "/webhooks" and is_genuine(self.headers, raw_body, SECRET):
            event = json.loads(raw_body)
            if event["type"] == "payment.succeeded":
                orders[event["data"]["object"]["reference"]] = "paid"
            self.send_response(204)
            self.end_headers()
        else:
            self.send_error(400)

    def do_GET(self):
        number = self.path.removeprefix("/orders/")
        body = f"{number}: {orders.get(number, 'unknown')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# Once: where webhooks go. Keep the secret, it is told this once.
SECRET = saoma("/webhook_endpoints", {"url": f"{HOME}/webhooks"}, HOME)["secret"]
server = ThreadingHTTPServer(("127.0.0.1", PORT), Shop)
print(f"The shop is open at {HOME}", flush=True)
server.serve_forever()
