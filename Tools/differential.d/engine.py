"""The executable `differential` as a function: a graph in, arrays out."""
import base64, json, math, os, select, signal, subprocess, tempfile

import numpy as np

QUANTITIES = ["values", "gradient", "hessianProduct", "pushforward"]


class Engine:
    """Starts the executable, and starts it again after a crash."""

    def __init__(self, path, seconds=60):
        self.path = path
        self.seconds = seconds
        self.process = None

    def start(self):
        self.messages = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages, bufsize=0,
            env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))

    def evaluate(self, graph, evaluation):
        """The answer with arrays, or {"failure": what happened}."""
        if self.process is None:
            self.start()
        request = json.dumps({"graph": plain(graph), "evaluation": evaluation}) + "\n"
        try:
            self.process.stdin.write(request.encode())
            line = self.line()
        except (BrokenPipeError, TimeoutError) as error:
            return self.failure("takes longer than %d s" % self.seconds if isinstance(error, TimeoutError) else "")
        if not line.endswith(b"\n"):
            return self.failure("")
        answer = json.loads(line)
        if answer.get("error"):
            return {"failure": "refused: " + answer["error"]}
        for name in QUANTITIES:
            answer[name] = [np.frombuffer(base64.b64decode(data), "<f8") for data in answer[name]]
        return answer

    def line(self):
        parts = []
        while not parts or not parts[-1].endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], self.seconds)[0]:
                raise TimeoutError
            part = os.read(self.process.stdout.fileno(), 1 << 20)
            if not part:
                break
            parts.append(part)
        return b"".join(parts)

    def failure(self, reason):
        self.process.kill() if reason else None
        status = self.process.wait()
        self.messages.seek(0)
        text = self.messages.read().decode(errors="replace").strip().splitlines()
        self.process = None
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        return {"failure": reason or f"crash: {name} {text[0] if text else ''}".strip()}

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def plain(value):
    """With "nan", "inf" and "-inf" for what JSON has no number for."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
