#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The operating system's calls, under names that the methods of other types cannot hide.
enum SystemCalls {
    /// write(2).
    static func write(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Darwin)
        Darwin.write(descriptor, start, count)
        #else
        Glibc.write(descriptor, start, count)
        #endif
    }

    /// read(2).
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        #if canImport(Darwin)
        Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #else
        Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    /// Waits until a descriptor is ready for `events`; false if it was not within that time (-1: for ever).
    static func wait(for events: Int32, on descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        #if canImport(Darwin)
        return Darwin.poll(&entry, 1, milliseconds) > 0
        #else
        return Glibc.poll(&entry, 1, milliseconds) > 0
        #endif
    }

    /// How many columns a terminal has; nil for what is none, or tells none.
    static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The system's words for an error number.
    static func text(of code: Int32) -> String {
        String(cString: strerror(code))
    }

    /// Lets this thread's sleeps end when they should; Linux otherwise adds up to 50 µs to each.
    static func makeSleepPrecise() {
        #if canImport(Glibc)
        var link = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/thread-self", &link, link.count)
        // "PROCESS/task/THREAD"; a thread has a folder of its own, too.
        guard count > 0,
            let thread = String(decoding: link.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
                separator: "/"
            ).last
        else { return }
        let file = open("/proc/\(thread)/timerslack_ns", O_WRONLY)
        guard file >= 0 else { return }
        defer { close(file) }
        _ = Glibc.write(file, "1", 1)
        #endif
    }

    /// Sleeps on this thread, or a little less if a signal comes.
    static func sleep(for duration: Duration) {
        guard duration > .zero else { return }
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
