"""A worker for a Millrace server, in Python's standard library alone: run({"kind": handler})."""
import json
import os
import signal
import socket
import sys
import threading
import time
import uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HEARTBEAT_S = float(os.environ.get("MILLRACE_HEARTBEAT", "10"))
PATIENCE_S = 25  # shorter than a lease: whoever is not heard by then has lost the job anyway


class Permanent(Exception):
    """Raised by a handler: the job has failed, and is not tried again."""


class Snooze(Exception):
    """Raised by a handler: run the job again later. The attempt does not count."""

    def __init__(self, seconds):
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Away(Exception):
    """The server did not answer in time."""


class Server:
    """The server, as one worker sees it: every answer may bring the worker's next key."""

    def __init__(self, url, api_key, registration):
        self.root, self.api_key, self.registration = f"{url.rstrip('/')}/v1/workers", api_key, registration
        self.key = None

    def ask(self, method, path, body=None, patience_s=PATIENCE_S):
        """Ask until there is an answer. Each of these requests may be sent twice, and counts once."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                if self.key is None:
                    self._once("POST", "", self.registration, self.api_key)
                return self._once(method, f"/{self.registration['id']}{path}", body, self.key)
            except HTTPError as refused:
                if self.key is not None and refused.code in (401, 404):
                    self.key = None  # silent for too long, so the server has forgotten this worker
                elif refused.code < 500 and refused.code not in (408, 429):
                    raise SystemExit(f"{method} {path}: {refused.code} {refused.read().decode()}") from None
            except (OSError, ValueError):
                pass  # no server, or something between that speaks no JSON
            if time.monotonic() >= deadline:
                raise Away
            time.sleep(1)

    def _once(self, method, path, body, key):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.root + path, data, headers, method=method), timeout=45) as answer:
            said = json.load(answer)
        self.key = said.get("key", self.key)
        return said


class Attempt:
    """What a handler is told while it runs, and what it may say. `stop` is set when it should end."""

    def __init__(self, server, job):
        self.server, self.lease = server, {"job": job["id"], "token": job["lease"]["token"]}
        self.number, self.secrets = job["attempt"], job.get("secrets", {})
        self.stop, self.has_timed_out = threading.Event(), False
        self._limit_s = float("inf") if job["timeoutMs"] is None else job["timeoutMs"] / 1000
        self._progress, self._ended = {}, threading.Event()

    def progress(self, percent, message=None):
        """Told with the next heartbeat."""
        self._progress = {"progress": {"percent": percent, "message": message}}

    def log(self, text):
        self.server.ask("POST", "/logs", {"entries": [{**self.lease, "text": text}]})

    def keep(self):
        """Prolong the lease until the handler has ended. From the time limit on nothing is prolonged any more."""
        deadline = time.monotonic() + self._limit_s
        while not self._ended.wait(max(0, min(HEARTBEAT_S, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                self.has_timed_out = True
                return self.stop.set()
            try:
                said = self.server.ask("POST", "/heartbeat", {"leases": [{**self.lease, **self._progress}]}, 0)
            except Away:
                continue
            if said["leases"][0]["status"] != "held":  # "cancel": end and settle; "lost": whatever is said is refused
                self.stop.set()

    def run(self, handler, job):
        """The outcome of one run of the handler."""
        threading.Thread(target=self.keep, daemon=True).start()
        try:
            if handler is None:  # another worker, or the next version of this one, may know the kind
                raise Snooze(10)
            result = handler(job, self)
            json.dumps(result)
            if self.has_timed_out:
                raise TimeoutError(f"it took longer than {self._limit_s} s")
            return {"outcome": "complete", "result": result}
        except Snooze as snooze:
            return {"outcome": "snooze", "delayMs": snooze.seconds * 1000}
        except Exception as error:
            told = {"name": type(error).__name__, "message": str(error)}
            return {"outcome": "fail", "error": told, "permanent": isinstance(error, Permanent)}
        finally:
            self._ended.set()


def run(handlers, queues=None, labels=()):
    """Run one job after the other, until SIGTERM or SIGINT; the job at hand is finished first."""
    name = os.environ.get("MILLRACE_WORKER_ID", f"{socket.gethostname()}-{os.getpid()}")
    registration = {"id": name, "host": socket.gethostname(), "pid": os.getpid(), "labels": list(labels), "queues": queues}
    server = Server(os.environ["MILLRACE_URL"], os.environ["MILLRACE_API_KEY"], registration)
    stopping, left = threading.Event(), threading.Event()

    def end_claims():
        while not left.wait(0.2):
            try:
                server.ask("DELETE", "/claim", None, 0)
            except Away:
                pass

    def stop(*_):
        if not stopping.is_set():
            stopping.set()
            threading.Thread(target=end_claims, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    claim = None
    while not stopping.is_set():
        try:
            # The same claim until it is answered: jobs whose answer got lost come with the next one.
            claim = claim or {"id": uuid.uuid4().hex, "max": 1, "waitMs": 30_000}
            jobs, claim = server.ask("POST", "/claim", claim, 1)["jobs"], None
            for job in jobs:
                attempt = Attempt(server, job)
                outcome = {**attempt.lease, **attempt.run(handlers.get(job["kind"]), job)}
                status = server.ask("POST", "/settle", {"outcomes": [outcome]})["statuses"][0]
                print(f"{job['queue']}#{job['number']} {outcome['outcome']}: {status}", file=sys.stderr)
        except Away:
            print("the server is away", file=sys.stderr)
    left.set()
    try:
        server.ask("DELETE", "", None, 1)  # what is held is given back at once
    except Away:
        pass
