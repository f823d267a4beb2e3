"""A Hub on loopback: the listing, gates, renames and redirects of the real one, files on a second server.

It speaks what huggingface_hub speaks (api/models/ID/revision/R?blobs=true, ID/resolve/COMMIT/FILE, ETag,
X-Repo-Commit, X-Linked-ETag, X-Linked-Size, X-Error-Code, Range), and has faults that can be switched on.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

LFS_ENDINGS = (".safetensors", ".bin")


@dataclass
class Repo:
    """A repository: its files, and who may see it."""

    id: str
    files: dict[str, bytes]
    gated: str | bool = False
    readers: frozenset[str] = frozenset()  # tokens whose account has access to a gated or private one
    private: bool = False
    revisions: tuple[str, ...] = ("main",)
    listed: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda answer: answer)

    @property
    def commit(self) -> str:
        digest = hashlib.sha1()
        for name, content in sorted(self.files.items()):
            digest.update(name.encode("utf-8", "replace"))
            digest.update(content)
        return digest.hexdigest()

    def listing(self) -> dict[str, Any]:
        siblings = []
        for name, content in self.files.items():
            item = {"rfilename": name, "size": len(content), "blobId": blob_id(content)}
            if name.endswith(LFS_ENDINGS):
                item["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 134}
            siblings.append(item)
        answer = {"id": self.id, "sha": self.commit, "gated": self.gated, "siblings": siblings}
        return self.listed(answer | {"private": self.private, "disabled": False})


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    server: str  # "hub" or "cdn"
    path: str
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return self.path + repr(sorted(self.headers.items()))


@dataclass
class Fault:
    """Something wrong with the answers whose path matches, `times` in a row (-1: always)."""

    path: str  # regular expression, searched
    server: str = "hub"
    times: int = -1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None  # bytes of the body, then the connection closes
    change: Callable[[bytes], bytes] | None = None  # of the file's content
    claims: int | None = None  # Content-Length
    ignores_range: bool = False
    wrong_range: bool = False  # answers 206 with the file's beginning


class Hub:
    """Two servers: `url` is the Hub's, files of LFS lie on `cdn_url`."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.renamed: dict[str, str] = {}
        self.tokens: set[str] = set()  # that exist
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.lock = threading.Lock()
        self._servers = [_Server(self, "hub"), _Server(self, "cdn")]
        self.url, self.cdn_url = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)

    @contextmanager
    def serving(self) -> Iterator["Hub"]:
        threads = [threading.Thread(target=s.serve_forever, args=(0.02,)) for s in self._servers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            for server, thread in zip(self._servers, threads, strict=True):
                server.shutdown()
                server.server_close()
                thread.join()

    def add(self, repo: Repo) -> Repo:
        self.repos[repo.id] = repo
        return repo

    def requests(self, server: str, path: str = "") -> list[Seen]:
        return [seen for seen in self.seen if seen.server == server and re.search(path, seen.path)]

    def fault_for(self, server: str, path: str) -> Fault:
        with self.lock:
            for fault in self.faults:
                if fault.server == server and fault.times and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return Fault(path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.name = hub, name

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests do."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_GET(self) -> None:
        hub, server = self.server.hub, self.server.name
        with hub.lock:
            hub.seen.append(Seen(server, self.path, dict(self.headers.items())))
        fault = hub.fault_for(server, self.path)
        if fault.status is not None:
            self._answer(fault.status, fault.body, fault.headers, fault)
            return
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if server == "cdn":
            self._content(hub, parts[0], fault)
        elif parts[:2] == ["api", "models"] and len(parts) >= 4:
            self._listing("/".join(parts[2:4]), "/".join(parts[5:]) or "main", fault)
        elif len(parts) >= 5 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]), fault)
        else:
            self._answer(404, b"{}", {}, fault)

    do_HEAD = do_GET  # noqa: N815  the library's name

    def _listing(self, name: str, revision: str, fault: Fault) -> None:
        hub = self.server.hub
        if name in hub.renamed:
            place = self.path.replace(name, hub.renamed[name])
            self._answer(307, b"", {"Location": place}, fault)
            return
        repo = self._repo(name)
        if repo is None:
            return
        if revision not in (*repo.revisions, repo.commit):
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}", fault)
            return
        self._answer(200, json.dumps(repo.listing()).encode(), {"X-Repo-Commit": repo.commit}, fault)

    def _resolve(self, name: str, commit: str, file: str, fault: Fault) -> None:
        repo = self._repo(name)
        if repo is None:
            return
        if repo.gated and self._token() not in repo.readers:
            status = 403 if self._token() else 401
            self._error(status, "GatedRepo", "Access to model is restricted", fault)
            return
        if commit != repo.commit or file not in repo.files:
            self._error(404, "EntryNotFound", "Entry not found", fault)
            return
        content, headers = repo.files[file], {"X-Repo-Commit": repo.commit}
        if not file.endswith(LFS_ENDINGS):
            self._answer(200, content, headers | {"ETag": f'"{blob_id(content)}"'}, fault)
            return
        digest = sha256(content)
        place = f"{self.server.hub.cdn_url}/{digest}/{file.replace('/', '-')}?Signature=secret"
        linked = {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{digest}"', "Location": place}
        self._answer(302, b"", headers | linked, fault)

    def _content(self, hub: Hub, digest: str, fault: Fault) -> None:
        for repo in hub.repos.values():
            for content in repo.files.values():
                if sha256(content) == digest:
                    self._answer(200, content, {"ETag": f'"{digest}"'}, fault)
                    return
        self._answer(404, b"", {}, fault)

    def _repo(self, name: str) -> Repo | None:
        hub, token = self.server.hub, self._token()
        if token and token not in hub.tokens:
            self._error(401, "", "Invalid credentials in Authorization header", Fault(""))
            return None
        repo = hub.repos.get(name)
        if repo is None or (repo.private and token not in repo.readers):
            self._error(404 if token else 401, "RepoNotFound", "Repository not found", Fault(""))
            return None
        return repo

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _error(self, status: int, code: str, message: str, fault: Fault) -> None:
        headers = {"X-Error-Code": code} if code else {}
        self._answer(status, b"{}", headers | {"X-Error-Message": message}, fault)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str], fault: Fault) -> None:
        if fault.change is not None and status == 200:
            body = fault.change(body)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and status == 200 and not fault.ignores_range:
            begin = int(asked[1])
            if begin >= len(body):
                status, body, headers = 416, b"", {**headers, "Content-Range": f"bytes */{len(body)}"}
            else:
                begin = 0 if fault.wrong_range else begin
                span = f"bytes {begin}-{len(body) - 1}/{len(body)}"
                status, body, headers = 206, body[begin:], {**headers, "Content-Range": span}
        self.send_response(status)
        for name, value in {**headers, **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if fault.claims is None else fault.claims))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if fault.cut_after is None else body[: fault.cut_after])
        if fault.cut_after is not None or fault.claims is not None:
            self.close_connection = True

    def log_message(self, format: str, *values: Any) -> None:
        """Nothing: what came is in `seen`."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def blob_id(content: bytes) -> str:
    """What git calls a file of that content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
