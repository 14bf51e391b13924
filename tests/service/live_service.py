# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of its own for a test: a site in a temporary folder, `chartlift watch` over it, and what it left."""
import collections, hashlib, json, os, pathlib, shutil, signal, socket, sqlite3, struct, subprocess, tempfile, time
import urllib.error, urllib.request, zlib

DONE_SOON_S = 120  # what a loaded machine may take for what takes a second


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def blank_png(label):
    """A blank page, 200 x 80 px, whose bytes differ by the label: it costs next to nothing to process."""
    rows = (b"\0" + b"\xff" * 25) * 80
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 80, 1, 0, 0, 0, 0))
            + png_chunk(b"tEXt", b"Comment\0" + label.encode()) + png_chunk(b"IDAT", zlib.compress(rows))
            + png_chunk(b"IEND", b""))


def wait_for(what, condition, timeout_s=DONE_SOON_S, every_s=0.1):
    """What the condition gives as soon as it is true; fails where it never is."""
    until = time.monotonic() + timeout_s
    while True:
        got = condition()
        if got:
            return got
        assert time.monotonic() < until, f"waited {timeout_s} s for {what}"
        time.sleep(every_s)


class Site:
    """inboxes: a list of dicts of settings; `path` is made and added. settings: lines for the sections."""

    def __init__(self, chartlift, source, inboxes, service="", more="", port=True, folder=None):
        self.chartlift, self.source = str(chartlift), pathlib.Path(source)
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="chartlift-service-"))
        self.out = self.folder / "out"
        self.port = free_port() if port else 0
        self.inboxes, self.service, self.more = inboxes, service, more
        self.config = self.folder / "site.toml"
        self.log = self.folder / "log.jsonl"
        self.process = None
        self.starts = 0
        for inbox in inboxes:
            inbox.setdefault("path", str(self.folder / "in" / inbox["name"]))
            pathlib.Path(inbox["path"]).mkdir(parents=True, exist_ok=True)
        self.write_config()

    def write_config(self):
        def value(x):
            return json.dumps(x)

        lines = [f'[run]\nmodels = {value(str(self.source / "models"))}',
                 f"[service]\nout = {value(str(self.out))}\nport = {self.port}\n{self.service or 'min_free_mb = 1'}", self.more]
        for inbox in self.inboxes:
            lines.append("[[inbox]]\n" + "\n".join(f"{key} = {value(x)}" for key, x in inbox.items()))
        self.config.write_text("\n".join(lines) + "\n")

    def inbox(self, name):
        return pathlib.Path(next(i["path"] for i in self.inboxes if i["name"] == name))

    def start(self, **environment):
        assert self.process is None
        self.starts += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.chartlift, "watch", "--config", str(self.config)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=os.environ | environment)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, how=signal.SIGTERM, timeout_s=DONE_SOON_S):
        process, self.process = self.process, None
        process.send_signal(how)
        return process.wait(timeout=timeout_s)

    def kill(self):
        self.stop(signal.SIGKILL)

    def get(self, path):
        """Status code and body; (0, "") where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def status(self):
        code, body = self.get("/status.json")
        return json.loads(body) if code == 200 else {}

    def wait_ready(self):
        def ready():
            assert self.alive(), f"the service ended by itself:\n{self.log_end()}"
            return self.get("/readyz")[0] == 200

        wait_for("the service to be ready", ready)

    def run_command(self, *arguments, timeout_s=DONE_SOON_S, **more):
        return subprocess.run([self.chartlift, *arguments], capture_output=True, text=True, timeout=timeout_s, **more)

    def drain(self, timeout_s=600):
        """Everything taken in is finished; the service ends."""
        done = self.run_command("drain", "--config", str(self.config), "--wait", timeout_s=timeout_s)
        assert done.returncode == 0, done.stdout + done.stderr
        process, self.process = self.process, None
        assert process.wait(timeout=DONE_SOON_S) == 0, self.log_end()

    def log_end(self):
        return self.log.read_text(errors="replace")[-3000:]

    def log_lines(self):
        lines = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:  # a line that a kill cut off
                pass
        return lines

    def query(self, sql, *values):
        with sqlite3.connect(f"file:{self.out / 'catalog.sqlite'}?mode=ro", uri=True, timeout=30) as catalog:
            return catalog.execute(sql, values).fetchall()

    def states(self):
        """How many arrivals are in each state."""
        try:
            return collections.Counter(dict(self.query("SELECT state, count(*) FROM arrival GROUP BY state")))
        except sqlite3.OperationalError:  # no catalog yet
            return collections.Counter()

    def files_in_inboxes(self):
        return [p for i in self.inboxes for p in files_below(i["path"])]

    def wait_taken(self, timeout_s=600):
        """Nothing lies in the inboxes any more, and nothing waits."""
        def taken():
            assert self.alive(), f"the service ended by itself:\n{self.log_end()}"
            return not self.files_in_inboxes() and self.states()["taken"] == 0

        wait_for("the inboxes to be empty and the queue to be done", taken, timeout_s, 0.3)

    def verify_audit(self):
        verified = self.run_command("audit", "verify", "--out", str(self.out))
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def leftovers(self):
        """What a crash may have left behind, and must not be there at the end."""
        left = [str(p) for p in self.out.rglob("*.part")]
        if (self.out / "spool").exists():
            left += [str(p) for p in (self.out / "spool").rglob("*") if p.is_file()]
        return left

    def remove(self):
        if self.alive():
            self.kill()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def files_below(folder):
    """Regular files at any depth, as bytes paths would be: names of any bytes are kept by surrogates."""
    found = []
    for path, _, names in os.walk(folder):
        found += [pathlib.Path(path) / name for name in names if os.path.isfile(os.path.join(path, name))
                  and not os.path.islink(os.path.join(path, name))]
    return found


def process_numbers(pid):
    """Resident kB, descriptors, threads and child processes."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if task.name != str(pid):
            try:
                children += (task / "children").read_text().split()
            except OSError:
                pass
    return {"rss_kb": int(status["VmRSS"].split()[0]), "fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": int(status["Threads"]), "children": len(children), "child_pids": [int(c) for c in children]}
