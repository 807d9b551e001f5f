"""The delivery promises that can be asked of any service behind an adapter, each as a check with a name.

A check that fails says what was promised and what was seen. The same checks run against the broker, which must keep
them all, against nchan, and against a proxy that lies.
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from adapters import NOW, OLDEST, NotOffered
from httpclient import Closed, eventually


@dataclass(frozen=True)
class Promise:
    name: str
    text: str
    check: Callable
    # Needs the server's process.
    restarts: bool = False

    def outcome(self, service, inbox):
        """`kept`, `broken` or `not offered`, and what was seen."""
        try:
            self.check(service, inbox)
        except NotOffered as reason:
            return "not offered", str(reason)
        except (AssertionError, Closed, TimeoutError, ConnectionError) as failure:
            return "broken", str(failure).split("\n")[0] or repr(failure)
        return "kept", ""


PROMISES = {}


def promise(text, restarts=False):
    def register(check):
        name = check.__name__
        PROMISES[name] = Promise(name, text, check, restarts)
        return check

    return register


def drained(service, recipients, cursor=OLDEST):
    """Everything that a follower gets from a cursor on: contents in order, what was reported lost, and its cursor."""
    contents, lost = [], 0
    while (got := service.follow(recipients, cursor)).contents or got.lost:
        contents, lost, cursor = contents + got.contents, lost + got.lost, got.cursor
        assert len(contents) <= 5000, "the follower does not come to an end"
    return contents, lost, cursor


def expect(seen, promised, what):
    assert seen == promised, f"{what}: promised {promised!r}, seen {seen!r}"


@promise("every follower gets every message once, in order, passing the cursor on")
def following(service, inbox):
    contents = [f"m{number}" for number in range(6)]
    service.send_all(inbox, contents)
    for _ in range(2):
        expect(drained(service, inbox)[:2], (contents, 0), "messages and losses")


@promise("a batch of messages comes in order, and the cursor stands behind the last of them")
def batches(service, inbox):
    contents = [f"m{number}" for number in range(9)]
    service.send_all(inbox, contents)
    seen, cursor = [], OLDEST
    while (got := service.follow(inbox, cursor, limit=3)).contents:
        seen, cursor = seen + got.contents, got.cursor
        assert len(seen) < 100, "the follower does not come to an end"
    expect(seen, contents, "messages")


@promise("all followers that wait are woken by a send")
def waking(service, inbox):
    service.send(inbox, "old")
    cursor = service.follow(inbox).cursor
    readers = [service.park(inbox, cursor) for _ in range(3)]
    service.send(inbox, "new")
    for reader in readers:
        expect(reader.result().contents, ["new"], "woken with")


@promise("a stream gets what is there, then what comes")
def streaming(service, inbox):
    service.send_all(inbox, ["m0", "m1", "m2"])
    stream = service.stream(inbox)
    expect([stream.next().value for _ in range(3)], ["m0", "m1", "m2"], "streamed")
    service.send(inbox, "m3")
    expect(stream.next().value, "m3", "streamed")
    stream.close()


@promise("a stream that reconnects with its last id misses nothing and sees nothing twice")
def resuming(service, inbox):
    seen, cursor = [], OLDEST
    for start in range(0, 12, 3):
        service.send_all(inbox, range(start, start + 3))
        stream = service.stream(inbox, cursor)
        for _ in range(2):
            item = stream.next()
            seen.append(item.value)
            cursor = item.cursor
        stream.close()
    contents, lost, _ = drained(service, inbox, cursor)
    expect((seen + contents, lost), (list(range(12)), 0), "messages and losses")


@promise("one cursor works on polls and on streams, in mid-session")
def crossing(service, inbox):
    seen, cursor = [], OLDEST
    service.send_all(inbox, range(8))
    for turn in range(4):
        if turn % 2:
            stream = service.stream(inbox, cursor)
            items = [stream.next(), stream.next()]
            stream.close()
            seen += [item.value for item in items]
            cursor = items[-1].cursor
        else:
            for _ in range(2):
                got = service.follow(inbox, cursor)
                seen, cursor = seen + got.contents, got.cursor or cursor
    expect(seen, list(range(8)), "messages")


@promise("one cursor stands for several recipients")
def several(service, inbox):
    names = [f"{inbox}-{letter}" for letter in "abc"]
    for name, number in itertools.product(names, range(3)):
        service.send(name, f"{name}:{number}")
    first, lost, cursor = drained(service, names)
    for name in names[:2]:
        service.send(name, f"{name}:3")
    more, lost_more, _ = drained(service, names, cursor)
    sent = [f"{name}:{number}" for name in names for number in range(4)][:-1]
    expect((sorted(first + more), lost + lost_more), (sorted(sent), 0), "messages and losses")


@promise("`now` skips what is there, and misses nothing that is sent between two polls")
def now(service, inbox):
    service.send(inbox, "old")
    cursor = service.follow(inbox, NOW).cursor
    service.send(inbox, "new")
    expect(service.follow(inbox, cursor or NOW).contents, ["new"], "after `now`")


@promise("many senders, many followers: all see the same order, nothing is missing, nothing doubled")
def crowd(service, inbox):
    rounds = max(service.slots // 4, 1)
    contents = [f"{sender}-{number}" for sender in range(3) for number in range(rounds)]
    threads = [
        threading.Thread(target=service.send_all, args=(inbox, contents[start : start + rounds]))
        for start in range(0, len(contents), rounds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    followers = [drained(service, inbox)[0] for _ in range(3)]
    expect(sorted(followers[0]), sorted(contents), "messages")
    expect(followers[1:], followers[:1] * 2, "the order that others see")


def account(service, inbox, kind):
    """Sends 14 more than fit; whatever does not arrive, its sender or its follower has to be told of."""
    service.send(inbox, "first")
    cursor = service.follow(inbox).cursor
    count = service.slots + 14
    refused = sum(not sent.accepted for sent in service.send_all(inbox, range(count)))
    if kind == "poll":
        seen, lost, _ = drained(service, inbox, cursor)
    else:
        stream = service.stream(inbox, cursor, kind)
        seen, lost = [], 0
        while not seen or seen[-1] != count - 1 - refused:
            item = stream.next()
            seen += [item.value] if item.kind == "message" else []
            lost += item.value if item.kind == "gap" else 0
        stream.close()
    missed = count - len(seen)
    expect(sorted(set(seen)), seen, "order")
    assert lost + refused == missed, (
        f"{missed} of {count} messages to an inbox of {service.slots} did not arrive, {lost + refused} were reported"
    )


@promise("when an inbox overflows, a follower that polls learns exactly how many it missed")
def gaps(service, inbox):
    account(service, inbox, "poll")


@promise("when an inbox overflows, a follower of an event stream learns exactly how many it missed")
def streamed_gaps(service, inbox):
    account(service, inbox, "sse")


@promise("a follower that missed nothing is not told of a loss")
def no_false_alarm(service, inbox):
    cursor = OLDEST
    for number in range(service.slots * 2 if service.slots < 100 else 20):
        service.send(inbox, number)
        got = service.follow(inbox, cursor)
        expect((got.contents, got.lost, got.reset), ([number], 0, False), "message, losses and reset")
        cursor = got.cursor


@promise("a follower of an inbox that was deleted and begun anew is told, and starts at its oldest")
def reset_by_deletion(service, inbox):
    service.send_all(inbox, ["old", "older"])
    cursor = drained(service, inbox)[2]
    service.delete(inbox)
    service.send_all(inbox, ["new", "newer"])
    got = service.follow(inbox, cursor)
    assert got.reset, f"nothing was said of the new life; the follower got {got.contents!r}"
    expect(got.contents, ["new"], "the oldest of the new life")
    stream = service.stream(inbox, cursor)
    expect([stream.next().kind for _ in range(3)], ["reset", "message", "message"], "on a stream")
    stream.close()


@promise("a follower is told that the server was restarted and has lost what it had", restarts=True)
def reset_by_restart(service, inbox):
    service.send_all(inbox, ["seen", "unseen"])
    cursor = service.follow(inbox).cursor
    service.restart()
    service.send(inbox, "new")
    got = service.follow(inbox, cursor)
    expect(got.contents, ["new"], "messages")
    assert got.reset or got.lost, "'unseen' was lost with the restart, and nothing was said of it"


@promise("a follower is told of messages that expired before it came")
def expiry(service, inbox):
    service.send(inbox, "seen", short=True)
    cursor = service.follow(inbox).cursor
    for number in range(3):
        service.send(inbox, number, short=True)
    service.send(inbox, "last")
    # Who begins at the oldest is given what is kept, so it tells when the others have gone.
    eventually(lambda: drained(service, inbox)[0] == ["last"], seconds=4)
    seen, lost, _ = drained(service, inbox, cursor)
    expect(seen, ["last"], "messages")
    assert lost == 3, f"3 messages expired unseen, {lost} were reported"


@promise("a message expires in its time, whatever stands before it")
def expiry_alone(service, inbox):
    service.send(inbox, "long")
    service.send(inbox, "short", short=True)
    eventually(lambda: drained(service, inbox)[0] == ["long"], seconds=3)


@promise("a cursor that cannot be read is refused")
def unreadable_cursors(service, inbox):
    service.send(inbox, "there")
    got = service.follow(inbox, "what:ever")
    assert got.refused, f"'what:ever' was taken for a cursor; the answer was {got.raw!r}"


@promise("a cursor that is ahead of its inbox is refused")
def cursors_ahead(service, inbox):
    service.send_all(inbox, ["m0", "m1"])
    cursor = drained(service, inbox)[2]
    service.delete(f"{inbox}-other")
    mark = "." if "." in cursor else ":"
    life, number = cursor.split(mark)
    # One that names a message which the inbox has not had; what nchan counts in seconds is put a year ahead.
    ahead = f"{life}{mark}{int(number) + 5}" if mark == "." else f"{int(life) + 31_536_000}{mark}{number}"
    got = service.follow(inbox, ahead)
    assert got.refused, f"a cursor of the future was accepted; the answer was {got.raw!r}"


@promise("a poll that finds nothing is answered at its timeout, always with the same bytes")
def timeouts(service, inbox):
    service.send(inbox, "old")
    cursor = service.follow(inbox).cursor
    for name, start in ((inbox, cursor), (f"{inbox}-nobody", OLDEST)):
        expect(service.follow(name, start, service.shortest_wait).raw, service.empty, "status and body")


CONTENTS = [
    None, True, 0, "", "é 日本 😀", 'quotes " and \\ and /', "line\nfeed\r\n", "data: x\n\nevent: bye\n\n",
    "</script>", {"a": [1, 2, {"b": None}]}, ["\u2028"],
]  # fmt: skip


@promise("content comes out as it went in, on polls and on streams")
def fidelity(service, inbox):
    for number, content in enumerate(CONTENTS):
        name = f"{inbox}-{number}"
        service.send(name, content)
        stream = service.stream(name)
        expect(stream.next().value, content, "on a stream")
        stream.close()
        expect(service.follow(name).contents, [content], "in a poll")


@promise("a sender learns how many are listening, and those who leave are no longer counted")
def online(service, inbox):
    expect(service.send(inbox, "m0").online, 0, "online")
    cursor = service.follow(inbox).cursor
    stream = service.stream(inbox, cursor)
    expect(service.online(inbox), 1, "online")
    reader = service.park(inbox, cursor)
    expect(service.online(inbox), 2, "online")
    reader.close()
    eventually(lambda: service.online(inbox) == 1, seconds=2)
    expect(service.send(inbox, "m1").online, 1, "online")
    stream.close()
    eventually(lambda: service.online(inbox) == 0, seconds=2)
    expect(service.send(inbox, "m2").online, 0, "online")


@promise("deleting an inbox ends its readers at once")
def deletion(service, inbox):
    service.send(inbox, "m0")
    cursor = service.follow(inbox).cursor
    reader, stream = service.park(inbox, cursor), service.stream(inbox, cursor)
    service.delete(inbox)
    expect(reader.result().contents, [], "the poll's messages")
    expect(stream.next().kind, "bye", "the stream's end")


@promise("a quiet stream says that it is alive")
def heartbeats(service, inbox):
    if service.ping > 1:
        raise NotOffered("a heartbeat that comes soon enough to wait for it")
    stream = service.stream(inbox)
    for _ in range(2):
        stream.heartbeat()
    stream.close()


@promise("a newer reader of a session ends the older, so that no ghost takes messages")
def sessions(service, inbox):
    older = service.park(inbox, NOW, session="tab")
    stream = service.stream(inbox, NOW, session="tab")
    expect(older.result().contents, [], "the older reader's messages")
    newer = service.stream(inbox, NOW, session="tab")
    expect(stream.next().kind, "bye", "the older stream's end")
    expect(service.online(inbox), 1, "online")
    newer.close()


@promise("a message that is sent twice with the same key is there once, and the sender is told")
def idempotency(service, inbox):
    first = service.send(inbox, "m0", key="k")
    again = service.send(inbox, "m0", key="k")
    expect((again.accepted, again.id, again.duplicate), (True, first.id, True), "the second answer")
    assert not service.send(inbox, "other", key="k").accepted, "another content went in under the same key"
    expect(drained(service, inbox)[0], ["m0"], "messages")


@promise("a message is taken by one taker only, the one that has waited longest")
def taking(service, inbox):
    readers = []
    for _ in range(3):
        readers.append(service.park(inbox))
    for number in range(3):
        service.send(inbox, number)
    expect([reader.result().contents for reader in readers], [[0], [1], [2]], "taken")
    service.send_all(inbox, range(3, 7))
    expect(service.take(inbox, limit=2).contents, [3, 4], "taken")
    expect(service.take(inbox).contents, [5, 6], "taken")
    expect(service.take(inbox).contents, [], "taken")


@promise("many takers share what is sent; nothing is taken twice, nothing is left")
def sharing(service, inbox):
    count = min(service.slots, 100)
    service.send_all(inbox, range(count))
    taken = []

    def take():
        while contents := service.take(inbox, limit=2).contents:
            taken.extend(contents)

    threads = [threading.Thread(target=take) for _ in range(4)]
    service.take(f"{inbox}-other")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(sorted(taken), list(range(count)), "taken")


@promise("a lease that is not acknowledged puts its message back at its place, with the next attempt")
def leases(service, inbox):
    service.take(inbox)
    service.send_all(inbox, ["m0", "m1", "m2"])
    held = service.take(inbox, limit=2, lease=1)
    expect((held.contents, held.attempts), (["m0", "m1"], [1, 1]), "leased, attempts")
    expect(service.acknowledge(inbox, held.ids[:1]), 1, "unread")
    eventually(lambda: service.unread(inbox) == 2)
    again = service.take(inbox, lease=60)
    expect((again.contents, again.attempts), (["m1", "m2"], [2, 1]), "leased, attempts")
    expect(service.release(inbox, again.ids[1:]), 1, "unread")
    assert service.extend(inbox, again.ids[:1], 60), "a lease that is held could not be extended"
    assert not service.extend(inbox, again.ids[1:], 60), "a lease was extended that was given back"
    expect(service.take(inbox).contents, ["m2"], "taken")


@promise("unread counts are right after every step")
def unread_counts(service, inbox):
    service.unread(inbox)
    for number in range(4):
        expect(service.send(inbox, number).unread, number + 1, "unread")
    expect(service.take(inbox, limit=1).unread, 3, "unread")
    ids = service.follow(inbox, limit=10).ids
    expect(service.acknowledge(inbox, ids[1:3]), 1, "unread")
    expect(service.unread(inbox), 1, "unread")
