#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension EventLoop {
    /// Listens on `address`; on the loop's thread, or before the loop starts.
    ///
    /// - Parameters:
    ///   - address: Where; port 0 asks for a free port, which `Listener.address` tells.
    ///   - backlog: How many connections may wait to be accepted.
    ///   - isShared: Whether listeners of other loops share the port (SO_REUSEPORT); each must say so.
    ///   - silenceMax: How long the peers of its connections may leave sent bytes unacknowledged before the connection
    ///     fails (on Linux; elsewhere the system decides).
    ///   - accept: Says who handles a connection. The channel is open: it may be written to, and closed. If there is no
    ///     handler, it is closed at once, or after its output if `closeAfterFlush()` was called.
    /// - Returns: The listener; the loop keeps it until it is closed.
    /// - Throws: ``TransportError`` if the address cannot be had.
    package func listen(
        on address: SocketAddress,
        backlog: Int,
        isShared: Bool,
        silenceMax: Duration = .seconds(30),
        accept: @escaping (Channel) -> (any ChannelHandler)?
    ) throws(TransportError) -> Listener {
        let fd = Socket.make(address)
        guard fd >= 0 else { throw TransportError(operation: "making a socket for \(address)", code: -fd) }
        Socket.configureConnection(fd, silenceMax: silenceMax)
        let result = Socket.listen(fd, on: address, backlog: backlog, isShared: isShared)
        guard result == 0 else {
            Socket.close(fd)
            throw TransportError(operation: "listening on \(address)", code: -result)
        }
        let actual = Socket.localAddress(fd) ?? address
        let listener = Listener(fd: fd, address: actual, loop: self, accept: accept)
        do throws(TransportError) {
            try attach(listener, interest: .input)
        } catch {
            listener.discard()
            throw error
        }
        return listener
    }

    /// Begins to connect; on the loop's thread, or before the loop starts.
    ///
    /// - Parameters:
    ///   - address: Where to.
    ///   - handler: Is told `channelConnected`, or `channelClosed` if the connection fails. What is written before is
    ///     sent as soon as the channel is connected.
    /// - Returns: The channel, which does not receive yet.
    /// - Throws: ``TransportError`` if it fails at once; the handler hears nothing then.
    package func connect(to address: SocketAddress, handler: any ChannelHandler) throws(TransportError) -> Channel {
        let fd = Socket.make(address)
        guard fd >= 0 else { throw TransportError(operation: "making a socket for \(address)", code: -fd) }
        Socket.configureConnection(fd)
        let result = Socket.connect(fd, to: address)
        let channel = Channel(fd: fd, loop: self, isConnecting: true)
        do throws(TransportError) {
            guard result == 0 || result == -EINPROGRESS || result == -EINTR else {
                throw TransportError(operation: "connecting to \(address)", code: -result)
            }
            try attach(channel, interest: .output)
        } catch {
            Socket.close(fd)
            throw error
        }
        counters.channelOpened()
        channel.handler = handler
        return channel
    }
}
