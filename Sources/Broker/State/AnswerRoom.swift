/// How much more one answer may carry.
struct AnswerRoom {
    private(set) var messages: Int
    private var bytes: Int
    private var isEmpty = true

    init(messages: Int, bytes: Int) {
        self.messages = messages
        self.bytes = bytes
    }

    /// A part of it for `messages` of one inbox among several.
    func share(_ messages: Int) -> AnswerRoom {
        var share = self
        share.messages = min(messages, self.messages)
        return share
    }

    /// What is left of a share of `messages` is room for the others.
    mutating func take(back share: AnswerRoom, of messages: Int) {
        let given = min(messages, self.messages)
        self.messages -= given - share.messages
        bytes = share.bytes
        isEmpty = share.isEmpty
    }

    /// Whether one more message of `byteCount` bytes goes in; the first always does.
    ///
    /// Counts it if so.
    mutating func admits(_ byteCount: Int) -> Bool {
        guard messages > 0, isEmpty || byteCount <= bytes else { return false }
        isEmpty = false
        messages -= 1
        bytes -= byteCount
        return true
    }
}
