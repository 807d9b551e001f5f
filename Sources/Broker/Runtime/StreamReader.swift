/// Who writes what a stream reads.
package protocol StreamSink: AnyObject, Sendable {
    /// A batch to write, or the end. Called on the executor of the shard that `reader` belongs to.
    ///
    /// After a batch the reader gets nothing more until ``Shard/wrote(_:_:)``.
    ///
    /// - Returns: Whether the sink will take care of it. If not, the shard takes a batch back at once.
    func stream(_ reader: StreamReader, received outcome: ReadOutcome) -> Bool
}

/// A reader that stays: it receives batches, one after the other, until it ends.
package final class StreamReader: Reader, @unchecked Sendable {
    private let sink: any StreamSink
    /// Which part of a request that spans several shards it reads.
    package let part: Int
    private var unwritten = Withheld()

    /// Makes a stream that is not registered yet.
    package init(sink: any StreamSink, part: Int = 0) {
        self.sink = sink
        self.part = part
        super.init(isStream: true)
    }

    package override func receive(_ outcome: ReadOutcome) -> Bool {
        sink.stream(self, received: outcome)
    }

    override var withheld: Withheld {
        get { unwritten }
        set { unwritten = newValue }
    }
}
