"""Lies about messages, gaps and cursors."""

import re

from adapters.lies.lie import Lie, is_message


class Counting(Lie):
    """Lies about every third message, on polls and on streams alike."""

    def __init__(self):
        self.seen = 0

    def third(self):
        self.seen += 1
        return self.seen % 3 == 0

    def polled(self, request, body):
        body["messages"] = [told for message in body.get("messages", []) for told in self.tell(message)]
        return body if self.seen and "cursor" in body else None

    def parts(self, request, parts):
        return [told for part in parts for told in (self.tell(part) if is_message(part) else [part])]


class Drops(Counting):
    """Every third message is missing."""

    def tell(self, message):
        return [] if self.third() else [message]


class Doubles(Counting):
    """Every third message comes twice."""

    def tell(self, message):
        return [message] * (2 if self.third() else 1)


class Swaps(Lie):
    """The first two messages of a batch change places."""

    def polled(self, request, body):
        messages = body.get("messages", [])
        if len(messages) > 1:
            messages[:2] = messages[1::-1]
            return body

    def parts(self, request, parts):
        places = [place for place, part in enumerate(parts) if is_message(part)]
        if len(places) > 1:
            first, second = places[:2]
            parts[first], parts[second] = parts[second], parts[first]
        return parts


class Miscounts(Lie):
    """A gap is told with one too few, or one too many if it is of one."""

    def polled(self, request, body):
        if "gap" in body:
            body["gap"]["lost"] = self.wrong(body["gap"]["lost"])
            return body

    def parts(self, request, parts):
        return [
            (
                re.sub(rb'"lost":(\d+)', lambda match: b'"lost":%d' % self.wrong(int(match[1])), part, count=1)
                if not is_message(part)
                else part
            )
            for part in parts
        ]

    @staticmethod
    def wrong(lost):
        return lost - 1 if lost > 1 else lost + 1


class Hushes(Lie):
    """Gaps are not told at all."""

    def polled(self, request, body):
        if body.pop("gap", None):
            return body

    def parts(self, request, parts):
        return [part for part in parts if is_message(part) or b'"lost"' not in part]


class Alarms(Lie):
    """A gap is told where there was none."""

    def polled(self, request, body):
        if request.follows and body.get("messages") and "gap" not in body:
            return {**body, "gap": {"lost": 1}}


class ForgetsReset(Lie):
    """A new life is not told of."""

    def polled(self, request, body):
        if body.pop("reset", None):
            return body

    def parts(self, request, parts):
        return [part for part in parts if is_message(part) or b"reset" not in part]


class Pads(Lie):
    """The timeout is answered with a byte more; to a reader of JSON it is the same."""

    def answer(self, request, status, body):
        return status, body.replace(b'{"success":"0"}', b'{"success": "0"}')


class Stands(Lie):
    """The cursor of a batch is that of its first message, not of its last."""

    def polled(self, request, body):
        if request.follows and len(body.get("messages", [])) > 1 and "~" not in body["cursor"]:
            return {**body, "cursor": body["messages"][0]["id"]}


class LosesIds(Lie):
    """The ids of a stream's events are those of the first, for ever."""

    def __init__(self):
        self.first = {}

    def parts(self, request, parts):
        def told(match):
            return b"id: " + self.first.setdefault(tuple(request.query["recipient"]), match[1])

        return [re.sub(rb"^id: (.*)", told, part) for part in parts]
