#!/usr/bin/env python3
"""A proxy before a model server that counts its calls.

usage: counter.py PORT UPSTREAM     UPSTREAM: http://127.0.0.1:8080

GET /count gives the number of POST requests since the last GET /reset.
"""
import http.server, sys, threading, urllib.error, urllib.request

PORT, UPSTREAM = int(sys.argv[1]), sys.argv[2].rstrip("/")
lock, calls = threading.Lock(), [0]


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body, kind="application/json"):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            if self.path == "/reset":
                calls[0] = 0
            count = calls[0]
        if self.path in ("/count", "/reset"):
            return self.answer(200, str(count).encode(), "text/plain")
        self.forward(None)

    def do_POST(self):
        with lock:
            calls[0] += 1
        self.forward(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def forward(self, body):
        request = urllib.request.Request(UPSTREAM + self.path, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=600) as reply:
                self.answer(reply.status, reply.read())
        except urllib.error.HTTPError as error:
            self.answer(error.code, error.read())


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Proxy).serve_forever()
