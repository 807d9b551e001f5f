"""Clients that leave with more than the buffers hold still on its way to them."""

from httpclient import eventually, query, request_bytes


def test_a_take_whose_answer_cannot_be_written_keeps_the_messages(start_broker, inbox):
    """More is asked for than all the buffers between hold, nothing is read, and the client leaves."""
    broker = start_broker("--loops", "1", "--inbox-bytes-max", str(2 << 20))
    names = [f"{inbox}-{number}" for number in range(16)]
    for name in names:
        for _ in range(16):
            broker.send(name, "x" * 60_000)
    connection = broker.connect(receive_buffer_bytes=4096)
    for name in names:
        connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=name)))
    first = broker.get("/v1/inbox", recipient=names[0]).json
    eventually(lambda: broker.inbox(names[0])["unread"] == 0)
    connection.reset()
    eventually(lambda: broker.inbox(names[-1])["leased"] == 0 and broker.inbox(names[-1])["unread"] == 16)
    assert first["kept"] == 16
    # An answer counts as a whole: none of its messages was read, or all were.
    counts = {(broker.inbox(name)["unread"], broker.inbox(name)["leased"]) for name in names}
    assert counts <= {(0, 0), (16, 0)} and (16, 0) in counts
    kept = [name for name in names if broker.inbox(name)["unread"]]
    assert len(broker.poll(kept[0])["messages"]) == 16


def test_a_taking_stream_that_is_not_read_keeps_the_rest(start_broker, inbox):
    broker = start_broker("--inbox-bytes-max", str(64 << 20))
    connection = broker.connect(receive_buffer_bytes=4096)
    broker.stream(inbox, connection=connection, take=1)
    for number in range(200):
        broker.send(inbox, f"{number:03}" + "x" * 60_000)
    connection.reset()
    eventually(lambda: broker.inbox(inbox)["streaming"] == 0 and broker.inbox(inbox)["leased"] == 0)
    unread = broker.inbox(inbox)["unread"]
    assert unread >= 100
    body = broker.poll(inbox, limit=1)
    assert body["messages"][0]["content"][:3] == f"{200 - unread:03}"
