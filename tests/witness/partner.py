"""A partner who runs a witness: the real one, listening in this process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consent.log import add_checkpoint, note
from consent.witness import folder, server


@dataclass(frozen=True)
class Partner:
    """Whom a log asks, and where."""

    data: Path
    verifier: note.Verifier
    address: str

    @property
    def setting(self) -> str:
        """As OPTIN_WITNESSES names it."""
        return f"{self.verifier} {self.address}"

    def latest(self, origin: str) -> str:
        """The last checkpoint of a log that was cosigned here; "" when there is none."""
        witness = folder.read(self.data, clock=time.time)
        reply = witness.latest(add_checkpoint.address_of_latest(origin).removesuffix("/checkpoint"))
        return reply.body if reply.status == 200 else ""


@contextmanager
def listening(
    data: Path, *vkeys: note.Verifier, clock: Callable[[], float] = time.time, port: int = 0
) -> Iterator[Partner]:
    """Run the witness of a folder, which is made where it is not there, for the logs with these keys."""
    if not data.exists():
        folder.create(data, name="witness.example")
    (data / folder.LOGS).write_text("".join(f"{vkey}\n" for vkey in vkeys))
    with server.Server(("127.0.0.1", port), folder.read(data, clock=clock)) as listening_server:
        thread = threading.Thread(target=listening_server.serve_forever, args=(0.02,))
        thread.start()
        try:
            verifier = folder.read_key(data).verifier
            yield Partner(data, verifier, f"http://127.0.0.1:{listening_server.server_port}")
        finally:
            listening_server.shutdown()
            thread.join()
