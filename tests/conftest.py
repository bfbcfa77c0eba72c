"""What several tests share: an empty cache, small photo folders, and a web server with manners."""

import gc
import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

from cnnkit._places import data_folder
from write_photo import write_photo

REAL_DATA = data_folder()
gc.set_threshold(10_000)  # while a graph is traced there are many new objects, and no garbage

# The same examples every time and everywhere: what fails, fails for all, and what passes, passes.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="module", autouse=True)
def quick_collection():
    """Python looks for garbage among what tests make, not among TensorFlow's million objects."""
    if not gc.get_freeze_count():  # at first, and behind a test of `run_study`, which unfreezes
        gc.collect()
        gc.freeze()


PLACES = itertools.count()


@pytest.fixture(autouse=True)
def clean_places(request, tmp_path_factory, monkeypatch):
    """No test reads or writes the caches, or the progress, of the person who runs it.

    A test has a folder only if it asks for one: to make thousands takes seconds.
    """
    if "tmp_path" in request.fixturenames:
        place = request.getfixturevalue("tmp_path")
    else:
        place = tmp_path_factory.getbasetemp() / "places" / str(next(PLACES))
    monkeypatch.setenv("CNNKIT_CACHE", str(place / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(place / "keras"))
    monkeypatch.delenv("CNNKIT_DATA", raising=False)
    monkeypatch.setenv("CNNKIT_PROGRESS", "off")


@pytest.fixture(scope="module")
def slow_proof(request):
    """Skips a test that takes long where all tests but no notebooks are run."""
    items = request.session.items
    is_alone = all(item.path == request.path for item in items)
    if not is_alone and not any(item.path.suffix == ".ipynb" for item in items):
        pytest.skip("asked together with the notebooks, or alone: course.py test")


@pytest.fixture
def real_data(monkeypatch):
    """The folder of real photos and weights, where the machine has one."""
    if not REAL_DATA:
        pytest.skip("CNNKIT_DATA is not set")
    monkeypatch.setenv("CNNKIT_DATA", str(REAL_DATA))
    return REAL_DATA


@pytest.fixture
def pets(tmp_path):
    """A folder with train and validation parts: 12 + 20 photos of each of two classes."""
    folder = tmp_path / "pets"
    for label, name in enumerate(("cats", "dogs")):
        for i in range(12):
            write_photo(folder / "train" / name / f"{i}.jpg", seed=1000 * label + i)
        for i in range(20):
            write_photo(folder / "validation" / name / f"{i}.jpg", seed=1000 * label + 500 + i)
    return folder


class Server(ThreadingHTTPServer):
    """Serves `self.pages`, a dictionary from path to `(contents, manner)`, on the loopback.

    Manners: "good" (answers ranges), "no ranges", "cut" (the first answer stops half way, later
    ones are good), "always cut" (every answer stops at its first byte), "stall" (half, then
    silence), "slow" (half, then two bytes a second until `go_on`), "html", "endless".
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {}
        self.log = []  # (path, Range header) of every GET
        self.go_on = threading.Event()  # ends a stall
        self.stalled = threading.Event()
        # By default the server looks only twice a second whether it shall stop.
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def serve(self, path, contents=b"", manner="good"):
        self.pages[path] = (contents, manner)
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what these tests are about


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200 if self.path in self.server.pages else 404)
        self.end_headers()

    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.log.append((self.path, wanted))
        if self.path not in server.pages:
            self.send_error(404)
            return
        contents, manner = server.pages[self.path]
        if manner == "endless":
            self.answer(200, None)
            for _ in range(10_000):
                self.wfile.write(bytes(10_000))
            return
        start = 0
        if wanted and manner != "no ranges":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(contents):
                self.send_error(416)
                return
        self.answer(206 if start else 200, len(contents) - start, html=manner == "html")
        first = len([path for path, _ in server.log if path == self.path]) == 1
        stop = len(contents)
        if manner in ("stall", "slow") or (manner in ("cut", "no ranges") and first):
            stop = len(contents) // 2
        elif manner == "always cut":
            stop = start
        self.wfile.write(contents[start:stop])
        self.wfile.flush()
        if manner in ("stall", "slow"):
            server.stalled.set()
        if manner == "stall":
            server.go_on.wait(20)
        elif manner == "slow":
            sent = max(start, stop)
            while not server.go_on.wait(0.5) and sent < len(contents):
                self.wfile.write(contents[sent : sent + 1])
                sent += 1
            self.wfile.write(contents[sent:])

    def answer(self, status, length, html=False):
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if html else "application/zip")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    running = Server()
    yield running
    running.go_on.set()
    running.shutdown()
    running.server_close()
