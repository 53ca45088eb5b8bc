"""What goes wrong with a provider, and what that means for us."""

from collections.abc import Mapping


class SendError(Exception):
    """A message did not leave, or perhaps did; carries what the sender of the message must decide on.

    `permanent`: trying again will not help. `uncertain`: the provider may have taken it, so that sending it
    again might reach the person twice. `stopped`: the person told the provider to let nothing of ours pass.
    `needs_staff`: it will help when somebody has mended a token or the account, so not within seconds.
    `wait`: how many seconds the provider asks for. Never carries the number or the text.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        stopped: bool = False,
        needs_staff: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.uncertain = uncertain
        self.stopped = stopped
        self.needs_staff = needs_staff
        self.wait = wait


class Refused(Exception):
    """A request that no provider of ours signed.

    `trimmed` holds its parameters where the signature would be right if a proxy had not cut spaces off the
    body: then a person did write, and somebody must mend the proxy.
    """

    def __init__(self, code: str, *, trimmed: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.trimmed = trimmed
