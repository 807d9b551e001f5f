"""Sharing: one taker for each message, leases, keys, sessions, unread counts."""

import threading

from adapters import NOW
from httpclient import eventually

from promises.promise import drained, expect, promise


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
