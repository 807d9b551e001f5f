"""The accounting: what clients were told was accepted, and what other clients saw of it. It asks the server nothing."""

import itertools
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from server import get, post, wait_until

numbers = itertools.count(1)


@dataclass
class Row:
    """A line of the table."""

    sent: int = 0
    delivered: int = 0
    gap: int = 0
    lost: int = 0
    doubled: int = 0
    inherent: int = 0
    notes: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    def add(self, other):
        for name in ("sent", "delivered", "gap", "lost", "doubled", "inherent"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes
        self.faults += other.faults

    @property
    def is_good(self):
        return self.lost == 0 and self.doubled == 0 and not self.faults


class Ledger:
    """Messages with a number each: sent, taken, followed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted = defaultdict(list)
        self.unanswered = set()
        self.evicted = Counter()
        self.taken = defaultdict(Counter)
        self.told = Counter()
        self.thrown_away = set()
        self.told_twice = set()
        self.followers = []

    def send(self, connection, recipient, padding=0, **more):
        """Sends the next number; answers the answer."""
        number = next(numbers)
        with self.lock:
            self.unanswered.add((recipient, number))
        answer = post(connection, "/v1/send", recipient=recipient, content=[number, "x" * padding], **more)
        with self.lock:
            self.unanswered.discard((recipient, number))
            if answer.status == 201:
                self.accepted[recipient].append(number)
                self.evicted[recipient] += answer.json.get("evicted", 0)
        return answer

    def sent_unanswered(self, recipient):
        """A number whose sender will not hear the answer: it may be accepted or not."""
        number = next(numbers)
        self.unanswered.add((recipient, number))
        return number

    def took(self, answer):
        """An answer of a poll that took, completely read."""
        with self.lock:
            for message in answer.get("messages", []):
                self.taken[message["recipient"]][message["content"][0]] += 1
            if "gap" in answer:
                self.told[answer["messages"][0]["recipient"] if answer["messages"] else None] += answer["gap"]["lost"]

    def drain(self, server, recipients=None):
        """Takes what is left, once nothing is on its way to anybody."""
        wait_until(lambda: server.stats()["messages"]["leased"] == 0, seconds=60)
        with server.connect() as connection:
            for recipient in recipients or list(self.accepted):
                while True:
                    answer = get(connection, "/v1/poll", recipient=recipient, timeout=0, limit=1000).json
                    # An inbox that is gone is not made again for a reader while the memory is spent.
                    if answer.get("code") == "broker_full" or answer["success"] == "0":
                        break
                    self.took(answer)

    def followed(self, recipient, seen, gap=0, first=0):
        """A follower of everything from the number `first` on has seen this, and was told of so many lost ones."""
        self.followers.append((recipient, list(seen), gap, first))

    def taken_row(self):
        """What became of the messages as takers see it; each was there for one of them."""
        row = Row(gap=sum(self.told.values()))
        all_missing = 0
        for recipient, numbers_sent in self.accepted.items():
            seen = self.taken[recipient]
            row.sent += len(numbers_sent)
            row.delivered += sum(1 for number in numbers_sent if seen[number])
            again = {number: count - 1 for number, count in seen.items() if count > 1}
            row.inherent += sum(count for number, count in again.items() if number in self.told_twice)
            row.doubled += sum(count for number, count in again.items() if number not in self.told_twice)
            not_seen = sum(1 for number in numbers_sent if not seen[number] and number in self.thrown_away)
            row.inherent += not_seen
            missing = sum(1 for number in numbers_sent if not seen[number]) - not_seen
            all_missing += missing
            row.lost += max(0, missing - self.told[recipient])
        # A gap without a message does not name its recipient.
        row.lost = max(0, row.lost - self.told[None])
        if row.gap > all_missing:
            row.faults.append(f"told of {row.gap} lost, but {all_missing} are missing")
        if sum(self.evicted.values()) != row.gap:
            row.faults.append(f"senders were told of {sum(self.evicted.values())} evicted, takers of {row.gap}")
        row.faults += self._phantoms((recipient, set(seen)) for recipient, seen in self.taken.items())
        return row

    def followed_row(self):
        """What became of them as followers see it; each was there for all of them."""
        row = Row()
        for recipient, seen, gap, first in self.followers:
            due = [number for number in self.accepted[recipient] if number >= first]
            unique = set(seen)
            row.sent += len(due)
            row.delivered += len(unique & set(due))
            row.gap += gap
            row.doubled += len(seen) - len(unique)
            missing = len(set(due) - unique)
            row.lost += max(0, missing - gap)
            if gap > missing:
                row.faults.append(f"a follower of {recipient} was told of {gap} lost, but {missing} are missing")
            if [number for number in dict.fromkeys(seen) if number in set(due)] != sorted(unique & set(due)):
                row.faults.append(f"a follower of {recipient} saw another order")
        row.faults += self._phantoms((recipient, set(seen)) for recipient, seen, _, _ in self.followers)
        return row

    @staticmethod
    def check():
        """Whether the accounting can see what it is there for."""
        taken, followed = Ledger(), Ledger()
        taken.accepted["a"] = [1, 2, 3]
        taken.taken["a"] = Counter({1: 2, 3: 1, 9: 1})
        row = taken.taken_row()
        assert (row.sent, row.delivered, row.gap, row.lost, row.doubled) == (3, 2, 0, 1, 1), row
        assert row.faults == ["a got 1 messages that nobody sent"], row
        # What one inbox told too much does not excuse what another lost.
        netted = Ledger()
        netted.accepted["a"], netted.accepted["b"] = [1, 2], [3, 4]
        netted.taken["a"], netted.taken["b"] = Counter({1: 1, 2: 1}), Counter({3: 1})
        netted.told["a"] = netted.evicted["a"] = 1
        assert netted.taken_row().lost == 1
        followed.accepted["b"] = [4, 5, 6, 7]
        followed.followed("b", [4, 6, 7, 7])
        followed.followed("b", [4, 7], gap=2)
        row = followed.followed_row()
        assert (row.sent, row.delivered, row.gap, row.lost, row.doubled) == (8, 5, 2, 1, 1), row
        assert row.faults == [] and not row.is_good, row

    def _phantoms(self, views):
        for recipient, seen in views:
            unknown = {
                number
                for number in seen - set(self.accepted[recipient])
                if (recipient, number) not in self.unanswered
            }
            if unknown:
                yield f"{recipient} got {len(unknown)} messages that nobody sent"
