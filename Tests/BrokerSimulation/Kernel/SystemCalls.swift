#if os(Linux)
internal import CLinux
internal import Glibc

// The system calls of the transport, put in front of the C library's: what stands here is found first by everything that
// is linked into the same program. A descriptor of the simulated kernel is served by it, every other one by the real
// function; so the sources under test need no seam, and what lies above the system calls is all under test.
//
// A real descriptor is never as high as a simulated one, and simulated ones are used by one thread only.

/// The C library's own function, or that of a sanitizer that stands in front of it.
private func real<Function>(_ name: String, as type: Function.Type = Function.self) -> Function {
    let next = UnsafeMutableRawPointer(bitPattern: -1)
    guard let found = dlsym(nil, "__interceptor_\(name)") ?? dlsym(next, name) else {
        preconditionFailure("the C library has no \(name)")
    }
    return unsafeBitCast(found, to: type)
}

private typealias OneCall = @convention(c) (Int32) -> Int32
private typealias TwoCall = @convention(c) (Int32, Int32) -> Int32
private typealias ThreeCall = @convention(c) (Int32, Int32, Int32) -> Int32
private typealias BytesCall = @convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int
private typealias FlagsCall = @convention(c) (Int32, UnsafeMutableRawPointer?, Int, Int32) -> Int
private typealias AddressCall = @convention(c) (Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt32>?) -> Int32
private typealias AcceptCall =
    @convention(c) (Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt32>?, Int32) -> Int32
private typealias BindCall = @convention(c) (Int32, UnsafeRawPointer?, UInt32) -> Int32
private typealias SetCall = @convention(c) (Int32, Int32, Int32, UnsafeRawPointer?, UInt32) -> Int32
private typealias GetCall =
    @convention(c) (Int32, Int32, Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt32>?) -> Int32
private typealias ControlCall = @convention(c) (Int32, UInt, UnsafeMutableRawPointer?) -> Int32
private typealias EpollControlCall =
    @convention(c) (Int32, Int32, Int32, UnsafeMutablePointer<epoll_event>?) -> Int32
private typealias EpollWaitCall =
    @convention(c) (Int32, UnsafeMutablePointer<epoll_event>?, Int32, Int32) -> Int32
private typealias EventCall = @convention(c) (UInt32, Int32) -> Int32

private enum Real {
    static let socket: ThreeCall = real("socket")
    static let bind: BindCall = real("bind")
    static let listen: TwoCall = real("listen")
    static let accept4: AcceptCall = real("accept4")
    static let getsockname: AddressCall = real("getsockname")
    static let getpeername: AddressCall = real("getpeername")
    static let setsockopt: SetCall = real("setsockopt")
    static let getsockopt: GetCall = real("getsockopt")
    static let recv: FlagsCall = real("recv")
    static let send: FlagsCall = real("send")
    static let shutdown: TwoCall = real("shutdown")
    static let close: OneCall = real("close")
    static let ioctl: ControlCall = real("ioctl")
    static let read: BytesCall = real("read")
    static let write: BytesCall = real("write")
    static let epollCreate: OneCall = real("epoll_create1")
    static let epollControl: EpollControlCall = real("epoll_ctl")
    static let epollWait: EpollWaitCall = real("epoll_wait")
    static let eventfd: EventCall = real("eventfd")
}

/// The kernel whose descriptor it is.
@inline(__always)
private func kernel(of fd: Int32) -> Kernel? { fd >= Kernel.firstDescriptor ? Kernel.current : nil }

/// The kernel of this thread, which gets what is opened here.
private var ownKernel: Kernel? { Kernel.isOwnThread ? Kernel.current : nil }

/// Turns a negative error number into what C gives.
@inline(__always)
private func result<Number: SignedInteger & FixedWidthInteger>(_ number: Number) -> Number {
    guard number < 0 else { return number }
    errno = Int32(-number)
    return -1
}

@_cdecl("socket") func simulatedSocket(_ family: Int32, _ type: Int32, _ proto: Int32) -> Int32 {
    guard let kernel = ownKernel else { return Real.socket(family, type, proto) }
    return kernel.open(ListeningSocket())
}

@_cdecl("bind") func simulatedBind(_ fd: Int32, _ address: UnsafeRawPointer?, _ length: UInt32) -> Int32 {
    kernel(of: fd) == nil ? Real.bind(fd, address, length) : 0
}

@_cdecl("listen") func simulatedListen(_ fd: Int32, _ backlog: Int32) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.listen(fd, backlog) }
    return result(kernel.listen(fd))
}

@_cdecl("accept4") func simulatedAccept(
    _ fd: Int32,
    _ address: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<UInt32>?,
    _ flags: Int32
) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.accept4(fd, address, length, flags) }
    return result(kernel.accept(fd))
}

@_cdecl("getsockname") func simulatedOwnAddress(
    _ fd: Int32,
    _ address: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
    guard kernel(of: fd) != nil else { return Real.getsockname(fd, address, length) }
    return loopbackAddress(address, length)
}

@_cdecl("getpeername") func simulatedPeerAddress(
    _ fd: Int32,
    _ address: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
    guard kernel(of: fd) != nil else { return Real.getpeername(fd, address, length) }
    return loopbackAddress(address, length)
}

private func loopbackAddress(_ target: UnsafeMutableRawPointer?, _ length: UnsafeMutablePointer<UInt32>?) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(8080).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    target?.copyMemory(from: &address, byteCount: MemoryLayout<sockaddr_in>.size)
    length?.pointee = UInt32(MemoryLayout<sockaddr_in>.size)
    return 0
}

@_cdecl("setsockopt") func simulatedSetOption(
    _ fd: Int32,
    _ level: Int32,
    _ name: Int32,
    _ value: UnsafeRawPointer?,
    _ length: UInt32
) -> Int32 {
    kernel(of: fd) == nil ? Real.setsockopt(fd, level, name, value, length) : 0
}

@_cdecl("getsockopt") func simulatedGetOption(
    _ fd: Int32,
    _ level: Int32,
    _ name: Int32,
    _ value: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.getsockopt(fd, level, name, value, length) }
    value?.storeBytes(of: name == SO_ERROR ? kernel.takeError(fd) : 0, as: Int32.self)
    return 0
}

@_cdecl("recv") func simulatedReceive(_ fd: Int32, _ into: UnsafeMutableRawPointer?, _ room: Int, _ flags: Int32) -> Int
{
    guard let kernel = kernel(of: fd) else { return Real.recv(fd, into, room, flags) }
    guard flags & Int32(MSG_PEEK) == 0 else { return result(kernel.peek(fd)) }
    return result(kernel.receive(fd, UnsafeMutableRawBufferPointer(start: into, count: room)))
}

@_cdecl("send") func simulatedSend(_ fd: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int, _ flags: Int32) -> Int
{
    guard let kernel = kernel(of: fd) else { return Real.send(fd, bytes, count, flags) }
    return result(kernel.send(fd, UnsafeRawBufferPointer(start: bytes, count: count)))
}

@_cdecl("shutdown") func simulatedShutdown(_ fd: Int32, _ how: Int32) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.shutdown(fd, how) }
    return result(kernel.finishSending(fd))
}

@_cdecl("close") func simulatedClose(_ fd: Int32) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.close(fd) }
    return result(kernel.close(fd))
}

/// Swift calls what C declares with `...` through a function of its own, `Glibc.ioctl(_:_:_:)`, which is this one.
@_silgen_name("$s5Glibc5ioctlys5Int32VAD_SuSvtF")
func simulatedControl(_ fd: Int32, _ request: UInt, _ value: UnsafeMutableRawPointer) -> Int32 {
    guard let kernel = kernel(of: fd) else { return Real.ioctl(fd, request, value) }
    value.storeBytes(of: kernel.unacknowledged(fd), as: Int32.self)
    return 0
}

@_cdecl("read") func simulatedRead(_ fd: Int32, _ into: UnsafeMutableRawPointer?, _ room: Int) -> Int {
    guard let kernel = kernel(of: fd) else { return Real.read(fd, into, room) }
    return result(kernel.clearEvent(fd))
}

@_cdecl("write") func simulatedWrite(_ fd: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    guard let kernel = kernel(of: fd) else { return Real.write(fd, bytes, count) }
    return result(kernel.signalEvent(fd))
}

@_cdecl("epoll_create1") func simulatedEpoll(_ flags: Int32) -> Int32 {
    guard let kernel = ownKernel else { return Real.epollCreate(flags) }
    return kernel.openEpoll()
}

@_cdecl("epoll_ctl") func simulatedEpollControl(
    _ set: Int32,
    _ operation: Int32,
    _ fd: Int32,
    _ event: UnsafeMutablePointer<epoll_event>?
) -> Int32 {
    guard let kernel = kernel(of: set) else { return Real.epollControl(set, operation, fd, event) }
    let interest = operation == EPOLL_CTL_DEL ? nil : event.map { ($0.pointee.events, $0.pointee.data.u64) }
    return result(kernel.watch(set, fd, interest))
}

@_cdecl("epoll_wait") func simulatedEpollWait(
    _ set: Int32,
    _ events: UnsafeMutablePointer<epoll_event>?,
    _ room: Int32,
    _ milliseconds: Int32
) -> Int32 {
    guard let kernel = kernel(of: set), let events else { return Real.epollWait(set, events, room, milliseconds) }
    var count: Int32 = 0
    kernel.collect(set, atMost: Int(room)) { mask, data in
        events[Int(count)].events = mask
        events[Int(count)].data.u64 = data
        count += 1
    }
    return count
}

@_cdecl("eventfd") func simulatedEventDescriptor(_ start: UInt32, _ flags: Int32) -> Int32 {
    guard let kernel = ownKernel else { return Real.eventfd(start, flags) }
    return kernel.open(EventCounter())
}
#endif
