"""Losses: whatever a reader missed it is told, exactly; and it is told of nothing else."""

from adapters import OLDEST
from httpclient import eventually

from promises.promise import drained, expect, promise


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
