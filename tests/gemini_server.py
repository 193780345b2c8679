"""A loopback server that speaks Gemini's REST protocol: generateContent, token counts, and every way it fails."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal[
    "wrong key", "too many requests", "server error", "slow", "cut off", "garbage", "safety block", "answer blocked",
    "empty", "too long",
]  # fmt: skip
# What the model says to one prompt: (system instruction, prompt, response schema) to the text of its answer.
Script = Callable[[str, str, dict[str, Any]], str]


@dataclass
class Gemini:
    """What the server does with the next requests, and what it was asked.

    Parameters
    ----------
    faults : list
        Consumed one a request; None answers as scripted. When it is used up, `script` answers.
    bodies, keys, paths : list
        Of every request, as they came off the wire.
    """

    script: Script
    faults: list[Fault | None] = field(default_factory=list[Fault | None])
    bodies: list[bytes] = field(default_factory=list[bytes])
    keys: list[str] = field(default_factory=list[str])
    paths: list[str] = field(default_factory=list[str])
    slow_s: float = 5.0
    url: str = ""

    def prompts(self) -> list[str]:
        """The user's part of every request."""
        return [json.loads(body)["contents"][0]["parts"][0]["text"] for body in self.bodies]


@contextmanager
def gemini_server(script: Script) -> Generator[Gemini]:
    """Serve on a free port of loopback until the block ends."""
    gemini = Gemini(script)
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            gemini.bodies.append(body)
            gemini.keys.append(self.headers.get("x-goog-api-key", ""))
            gemini.paths.append(self.path)
            fault = gemini.faults.pop(0) if gemini.faults else None
            if fault == "slow":
                stopped.wait(gemini.slow_s)
            if fault in REFUSALS:
                code, status = REFUSALS[fault]
                return self.send(code, json.dumps({"error": {"code": code, "message": fault, "status": status}}))
            if fault == "garbage":
                return self.send(200, "<html>\u2603 not JSON")
            asked = json.loads(body)
            instruction = asked.get("systemInstruction", {}).get("parts", [{}])[0].get("text", "")
            schema = asked.get("generationConfig", {}).get("responseSchema", {})
            text = gemini.script(instruction, asked["contents"][0]["parts"][0]["text"], schema)
            answer = json.dumps(answered(text, fault))
            if fault == "cut off":
                # The connection ends in the middle of the body it promised.
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer[: len(answer) // 2].encode())
                self.close_connection = True
                return None
            return self.send(200, answer)

        def send(self, code: int, text: str) -> None:
            content = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(content)))
            with suppress(ConnectionError):  # a client that has given up
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is inherited)
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gemini.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield gemini
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


REFUSALS: dict[str, tuple[int, str]] = {
    "wrong key": (400, "INVALID_ARGUMENT"),
    "too many requests": (429, "RESOURCE_EXHAUSTED"),
    "server error": (500, "INTERNAL"),
}


def answered(text: str, fault: Fault | None) -> dict[str, Any]:
    """Wrap a text as generateContent does."""
    usage = {"promptTokenCount": 120, "candidatesTokenCount": 30, "totalTokenCount": 150}
    if fault == "safety block":
        return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}
    if fault == "answer blocked":
        return {"candidates": [{"finishReason": "SAFETY", "index": 0}], "usageMetadata": usage}
    if fault == "empty":
        return {"candidates": [], "usageMetadata": usage}
    reason = "MAX_TOKENS" if fault == "too long" else "STOP"
    said = text[: len(text) // 2] if fault == "too long" else text
    candidate = {"content": {"role": "model", "parts": [{"text": said}]}, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-scripted"}
