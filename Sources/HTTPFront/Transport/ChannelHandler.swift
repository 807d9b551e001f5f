/// What a connection means: it is told what happens to its ``Channel``, always on the loop's thread.
///
/// In order: `channelConnected` (only after `connect`), any of the others, and `channelClosed` last and exactly once.
/// Nothing is called from within a call that the handler makes: what `close()`, `write`, `reparse()` or
/// `resumeReading()` cause is told after the handler has returned, in the same turn of the loop. After `close()`,
/// nothing but `channelClosed` comes.
package protocol ChannelHandler: AnyObject {
    /// The connection that `EventLoop.connect` began stands.
    func channelConnected(_ channel: Channel)

    /// Bytes came, or were asked for again: what was kept, plus what is new.
    ///
    /// They are valid during the call only. The channel keeps what is not consumed and presents it again in front of
    /// later bytes; once that is `Channel.inputBytesMax`, it reads no more until some of it is consumed.
    /// - Parameters:
    ///   - channel: The channel.
    ///   - bytes: At least one byte.
    /// - Returns: How many of them the handler is done with.
    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int

    /// The peer will send no more: it has closed the connection, or its sending side; told once.
    ///
    /// While reading is paused, or the channel keeps as much as it may, this may come before bytes that are still in
    /// the kernel. The channel stays open for writing until it is closed.
    func channelReachedEnd(_ channel: Channel)

    /// Of what was posted the channel keeps some, because the kernel did not take it all.
    func channelStalled(_ channel: Channel)

    /// The kernel has taken everything that was written or posted, after some of it was pending or after this was asked
    /// for.
    func channelDrained(_ channel: Channel)

    /// The channel is closed and its descriptor gone; the last call.
    func channelClosed(_ channel: Channel, reason: CloseReason)

    /// `Channel.deadline` has passed; it is nil again.
    func channelTimedOut(_ channel: Channel)
}

extension ChannelHandler {
    /// Does nothing: most handlers serve accepted channels.
    package func channelConnected(_ channel: Channel) {}

    /// Does nothing: for handlers that post nothing.
    package func channelStalled(_ channel: Channel) {}
}

/// What became of written bytes.
package enum WriteOutcome: Hashable, Sendable {
    /// The kernel has taken all of them.
    case sent
    /// The channel keeps some of them and sends them as the peer reads; `channelDrained` tells when all are sent.
    case pending
    /// They are dropped: the channel is closed, or is about to be.
    case closed
}
