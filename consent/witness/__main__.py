"""`python -m consent.witness`: make a witness, and run it."""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from consent.witness import folder
from consent.witness.server import Server


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "init":
            _init(options.data, name=options.name)
        else:
            _serve(options.data, host=options.host, port=options.port)
    except (folder.FolderUnusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m consent.witness", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a new witness with a key of its own")
    init.add_argument("--name", required=True, help="its name, like witness.partner.example")
    serve = commands.add_parser("serve", help="run it")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 is every one")
    serve.add_argument("--port", type=int, default=8100)
    for command in (init, serve):
        command.add_argument("--data", type=Path, required=True, help="the folder of the witness")
    return parser


def _init(data: Path, *, name: str) -> None:
    verifier = folder.create(data, name=name)
    sys.stdout.write(
        f"The witness is in {data}. Put the logs' verifier keys into {data / folder.LOGS}, then `serve`.\n"
        f"Its own verifier key, for the logs:\n{verifier}\n"
    )


def _serve(data: Path, *, host: str, port: int) -> None:
    witness = folder.read(data, clock=time.time)
    logs = folder.read_logs(data)
    with Server((host, port), witness) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            # In a thread: shutdown waits for the loop that this handler interrupts.
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        sys.stdout.write(
            f"{folder.read_key(data).verifier}\n"
            f"witnesses {', '.join(sorted(logs)) or 'no log yet'} at http://{host}:{server.server_port}\n"
        )
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    sys.exit(main())
