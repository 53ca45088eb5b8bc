"""Questions that come while others are being answered: they are answered together.

The first to come is answered at once and waits for nobody. Whoever comes meanwhile waits for its turn; then one of them
works for all, from a moment after the last of them came: one statement, and everything that is the same for them is
done once. Under load this takes most of the work off the database and off us, and alone it costs a lock.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

AT_ONCE = 64  # in one statement


@dataclass(slots=True, eq=False)
class _Waiting[Q, A]:
    """Somebody with a question, who sleeps until `woken` is free."""

    question: Q
    woken: threading.Lock = field(default_factory=threading.Lock)
    answer: A | None = None
    group: "Sequence[_Waiting[Q, A]]" = ()  # those to ask for, where it is this one's turn


class Together[T, Q, A]:
    """Asks `ask` about one topic for several questions at once; there is an answer for each, in their order."""

    def __init__(self, ask: Callable[[T, Sequence[Q]], Sequence[A]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        # The topics that somebody is asking about just now, with those who wait until that is over.
        self._asking: dict[T, list[_Waiting[Q, A]]] = {}

    def ask(self, topic: T, question: Q) -> A:
        """The answer to a question. Raises whatever asking it alone raises."""
        mine = _Waiting[Q, A](question)
        with self._lock:
            before = self._asking.get(topic)
            if before is None:
                self._asking[topic] = []
            else:
                mine.woken.acquire()
                before.append(mine)
        if before is None:
            mine.group = (mine,)
        else:
            mine.woken.acquire()  # sleeps until it is set free
        if mine.group:
            self._ask_for(topic, mine.group)
        if mine.answer is None:  # the others' trouble is not ours: asked alone, it says what is wrong
            [mine.answer] = self._ask(topic, [question])
        return mine.answer

    def _ask_for(self, topic: T, group: Sequence[_Waiting[Q, A]]) -> None:
        """Answer a group, wake it, and give the turn to those who came meanwhile."""
        answers: Sequence[A | None] = [None] * len(group)
        try:
            answers = self._ask(topic, [one.question for one in group])
        except Exception:
            if len(group) == 1:
                raise
        finally:
            self._pass_on(topic)
            for one, answer in zip(group, answers, strict=True):
                one.answer = answer
                if one is not group[0]:
                    one.woken.release()

    def _pass_on(self, topic: T) -> None:
        with self._lock:
            waiting = self._asking[topic]
            group, self._asking[topic] = waiting[:AT_ONCE], waiting[AT_ONCE:]
            if not group:
                del self._asking[topic]
        if group:
            group[0].group = group
            group[0].woken.release()
