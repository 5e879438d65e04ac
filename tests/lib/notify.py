"""The other end of sd_notify: a NOTIFY_SOCKET that keeps what it is told."""
import os
import socket
import threading
import time


class Notify:
    """Listens at PATH; .messages is a list of (monotonic time, "KEY=VALUE").

    A thread takes the messages in, as systemd would: the kernel queues only a few, and
    a program that notifies more would wait for us."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        if os.path.exists(path):
            os.unlink(path)
        self.socket.bind(path)
        self.seen = 0
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def _receive(self):
        while data := self.socket.recv(65536):
            now = time.monotonic()
            with self.changed:
                self.messages += [(now, line) for line in data.decode(errors="replace").split("\n") if line]
                self.changed.notify_all()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)      # ends the thread's recv with nothing
        self.thread.join(5)
        self.socket.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def poll(self, seconds=0.0):
        """The messages since the last poll; waits at most SECONDS for the first."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.messages) > self.seen, seconds)
            new = self.messages[self.seen:]
            self.seen = len(self.messages)
            return new

    def wait_for(self, text, seconds=10, after=0):
        """Wait for a message that starts with TEXT, leaving out the first AFTER: its time, or None."""
        def find():
            return next((at for at, message in self.messages[after:] if message.startswith(text)), None)
        with self.changed:
            return self.changed.wait_for(find, seconds) or None

    def all(self, key):
        """The values told for KEY, in order."""
        with self.changed:
            return [m[len(key) + 1:] for _, m in self.messages if m.startswith(key + "=")]
