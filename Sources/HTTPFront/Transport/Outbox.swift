/// What the channels of a loop have to send at the end of a turn, one behind the other in one buffer.
///
/// Sent in a row, answers find their readers awake: a system call for each, as before, but far fewer wake-ups of the
/// processes at the other end, and the code that makes answers stays in the caches meanwhile.
final class Outbox {
    private struct Letter {
        // Not held: the loop keeps its channels, and those that closed until it has sent what was posted.
        unowned(unsafe) let channel: Channel
        /// Where its bytes end; they begin where those of the letter before end.
        let end: Int
    }

    /// What may gather before it is sent although the turn goes on.
    static let bytesMax = 65_536
    static let lettersMax = 64

    private let bytes = ByteBuffer(capacity: Outbox.bytesMax)
    @exclusivity(unchecked) private var letters: [Letter] = []

    var isEmpty: Bool { letters.isEmpty }

    /// Whether there is no room for another `count` bytes.
    func isFull(with count: Int) -> Bool {
        letters.count >= Outbox.lettersMax || bytes.count + count > Outbox.bytesMax
    }

    func append(_ content: UnsafeBufferPointer<UInt8>, for channel: Channel) {
        bytes.append(content)
        letters.append(Letter(channel: channel, end: bytes.count))
    }

    /// Hands everything to the kernel, in order.
    ///
    /// What does not fit there is kept by the channels; none of their handlers is called.
    func send() {
        var start = 0
        for letter in letters {
            letter.channel.sendLetter(UnsafeBufferPointer(rebasing: bytes.bytes[start..<letter.end]))
            start = letter.end
        }
        letters.removeAll(keepingCapacity: true)
        bytes.reset()
    }
}
