#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Reads the standard input in blocks, without waiting for more than there is.
enum StandardInput {
    private static let blockBytes = 65_536

    /// Reads what is there, or waits for something to be.
    ///
    /// - Returns: At least one byte; none at the end.
    static func readBlock() throws(Failure) -> [UInt8] {
        while true {
            var code: Int32 = 0
            let block = [UInt8](unsafeUninitializedCapacity: blockBytes) { buffer, count in
                let result = SystemCalls.read(STDIN_FILENO, into: buffer)
                code = result < 0 ? errno : 0
                count = max(0, result)
            }
            switch code {
            case 0: return block
            case EINTR: continue
            case EAGAIN: _ = isReady(milliseconds: -1)
            default: throw .system("cannot read the standard input: \(SystemCalls.text(of: code))")
            }
        }
    }

    /// Reads up to the end.
    static func readAll() throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let block = try readBlock()
            if block.isEmpty { return all }
            all += block
        }
    }

    /// Whether something is there to be read, the end included.
    static func isReady(milliseconds: Int32 = 0) -> Bool {
        SystemCalls.wait(for: Int32(POLLIN), on: STDIN_FILENO, milliseconds: milliseconds)
    }
}
