"""Following: every message once, in order, by every transport; who listens is known; the ends are told."""

import itertools
import threading

from adapters import NOW, OLDEST, NotOffered
from httpclient import eventually

from promises.promise import drained, expect, promise


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
