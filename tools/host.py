"""Serve a folder on this machine as a static host would: compressed, nothing else."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TEXT = {"html", "css", "js", "mjs", "json", "svg", "txt", "ipynb", "md", "wasm", "tar"}


class Compressed(SimpleHTTPRequestHandler):
    """Answers with gzip where a browser takes it and a host would do it."""

    protocol_version = "HTTP/1.1"  # one connection for many files

    def do_GET(self) -> None:
        """Send a file whole, compressed if that is worth it."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        packed = path.suffix[1:] in TEXT
        body = content(path, path.stat().st_mtime_ns, packed)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: whoever asked sees the answer."""


@cache
def content(path: Path, changed: int, packed: bool) -> bytes:
    """Return the bytes to send; `changed` makes an edited file a new entry."""
    return gzip.compress(path.read_bytes()) if packed else path.read_bytes()


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` on a free port of this machine; yield the address, no slash."""
    handler = partial(Compressed, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
